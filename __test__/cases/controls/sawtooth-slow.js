'use strict';

// The same saw, so slow that the run sees less than two teeth of it: the last climb starts in the middle of the run.

const { text } = require('../payload');

const cache = new Map();

module.exports = {
  name: 'slow sawtooth cache',
  leaks: false,
  channel: 'heap',
  rounds: 48,
  round(i, rounds) {
    if (i === Math.floor(rounds * 0.15) || i === Math.floor(rounds * 0.5) || i === Math.floor(rounds * 0.85)) cache.clear();
    for (let n = 0; n < 100; n += 1) cache.set(`${i}/${n}`, text(500));
  },
};

if (require.main === module) require('../driver').main(module.exports);
