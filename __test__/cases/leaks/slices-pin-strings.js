'use strict';

// Only a short token of each document is kept, but a substring of 13 characters or more refers to the whole string it was cut
// from, so each token pins its document.

const { text } = require('../payload');

// An array: a Set or Map may intern its string keys, which copies them.
const tokens = [];

module.exports = {
  name: 'slices that pin the strings they come from',
  leaks: true,
  channel: 'heap',
  round() {
    for (let n = 0; n < 4; n += 1) {
      const body = text(16 * 1024);
      tokens.push(body.slice(100, 132));
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
