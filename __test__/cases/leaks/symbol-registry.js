'use strict';

// Symbol.for() keeps its symbols for ever, so symbols named after requests are a leak that no variable holds.

const { text } = require('../payload');

module.exports = {
  name: 'symbols registered by request',
  leaks: true,
  channel: 'heap',
  round() {
    for (let n = 0; n < 300; n += 1) Symbol.for(`request ${text(48)}`);
  },
};

if (require.main === module) require('../driver').main(module.exports);
