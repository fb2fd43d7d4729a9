'use strict';

// Labels made into property names and registered symbols, over and over, from a bounded set: V8 interns each once.

const LABELS = 3000;

const counts = {};
let seen = 0;

module.exports = {
  name: 'bounded interning of strings and symbols',
  leaks: false,
  channel: 'heap',
  round(i) {
    for (let n = 0; n < 1000; n += 1) {
      const label = `label-${(i * 997 + n * 31) % LABELS}`;
      counts[label] = (counts[label] || 0) + 1;
      if (Symbol.keyFor(Symbol.for(label)) === label) seen += 1;
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
