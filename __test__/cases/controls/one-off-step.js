'use strict';

// In the middle of the run something large is loaded once, on its first use, and stays: a dictionary, a template, a table.

const { user } = require('../payload');

let table = null;

function lookup(id) {
  if (!table) table = Array.from({ length: 10000 }, (unused, n) => user(n));
  return table[id];
}

module.exports = {
  name: 'large table loaded in mid-run',
  leaks: false,
  channel: 'heap',
  natural: true,
  round(i, rounds) {
    for (let n = 0; n < 100; n += 1) {
      user(n);
      if (i >= rounds / 2) lookup(n);
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
