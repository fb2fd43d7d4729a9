'use strict';

// Every id ever handled is remembered, so that none is handled twice. The entries are small: the table of the set, which
// doubles now and then, comes to as much as they do.

const handled = new Set();
let next = 0;

module.exports = {
  name: 'set of ids handled',
  leaks: true,
  channel: 'heap',
  round() {
    for (let n = 0; n < 1000; n += 1) handled.add(`order-${next++}`);
  },
};

if (require.main === module) require('../driver').main(module.exports);
