'use strict';

// An undo history as a linked list: each state refers to the one before it, and the newest is always in use.

const { user } = require('../payload');

let current = null;

function edit(id) {
  current = { state: user(id), previous: current };
}

module.exports = {
  name: 'linked list whose head is in use',
  leaks: true,
  channel: 'heap',
  round(i) {
    for (let n = 0; n < 80; n += 1) edit(i + n);
  },
};

if (require.main === module) require('../driver').main(module.exports);
