'use strict';

// A cache that is dropped as a whole every few rounds: a steady climb each time, and the floor stays where it is.

const { text } = require('../payload');

const PERIOD = 9;

const cache = new Map();

module.exports = {
  name: 'sawtooth cache',
  leaks: false,
  channel: 'heap',
  rounds: 60,
  natural: true,
  round(i) {
    if (i % PERIOD === 0) cache.clear();
    for (let n = 0; n < 200; n += 1) cache.set(`${i}/${n}`, text(1000));
  },
};

if (require.main === module) require('../driver').main(module.exports);
