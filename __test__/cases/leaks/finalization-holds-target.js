'use strict';

// The value that a FinalizationRegistry holds for a target refers to the target, so the target is never collected and
// the callback never runs.

/* global FinalizationRegistry */

const { text } = require('../payload');

let cleaned = 0;
let registry = null;

module.exports = {
  name: 'FinalizationRegistry whose held value keeps its target',
  leaks: true,
  channel: 'heap',
  node: '>=14.6',
  setup() {
    registry = new FinalizationRegistry((handle) => {
      cleaned += handle.size;
    });
  },
  round(i) {
    for (let n = 0; n < 60; n += 1) {
      const file = { name: `${i}/${n}`, content: text(400) };
      registry.register(file, { size: file.content.length, file });
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
