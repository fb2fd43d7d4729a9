'use strict';

// Frames for audio or graphics, kept as plain ArrayBuffers by a history of undo steps that has no end.

const history = new Map();

module.exports = {
  name: 'ArrayBuffers kept by a history',
  leaks: true,
  channel: 'external',
  round(i) {
    for (let n = 0; n < 4; n += 1) history.set(`${i}/${n}`, new Float64Array(new ArrayBuffer(32 * 1024)).fill(i));
  },
};

if (require.main === module) require('../driver').main(module.exports);
