'use strict';

// Regular expressions built from input. V8 caches what it compiled from a source, and ages its caches out.

let matches = 0;

module.exports = {
  name: 'RegExp churn',
  leaks: false,
  channel: 'heap',
  rounds: 40,
  round(i) {
    for (let n = 0; n < 200; n += 1) {
      const pattern = new RegExp(`^(user|group)-${i}-${n}(\\d+)?$`, 'i');
      if (pattern.test(`user-${i}-${n}7`)) matches += 1;
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
