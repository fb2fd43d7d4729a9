'use strict';

// A cache fills and is dropped every few rounds, by many times more than what leaks beside it in one round. Only the
// floor of the saw rises.

const { text } = require('../payload');

const PERIOD = 6;

const cache = new Map();
const leaked = [];

module.exports = {
  name: 'leak hidden under a sawtooth cache',
  leaks: true,
  channel: 'heap',
  rounds: 120,
  natural: true,
  naturalRounds: 2000,
  round(i) {
    if (i % PERIOD === 0) cache.clear();
    for (let n = 0; n < 200; n += 1) cache.set(`${i}/${n}`, text(1000));
    for (let n = 0; n < 40; n += 1) leaked.push(text(1000));
  },
};

if (require.main === module) require('../driver').main(module.exports);
