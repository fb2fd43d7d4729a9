'use strict';

// A bounded cache that drops what was used least recently. It grows steadily until it is full, at two thirds of the run.

const Lru = require('../lru');
const { user } = require('../payload');

const PER_ROUND = 100;

let cache = null;

module.exports = {
  name: 'LRU cache that is full at two thirds of the run',
  leaks: false,
  channel: 'heap',
  rounds: 45,
  setup(rounds) {
    cache = new Lru(Math.round(rounds * PER_ROUND / 1.5));
  },
  round(i) {
    for (let n = 0; n < PER_ROUND; n += 1) cache.set(`${i}/${n}`, user(n));
  },
};

if (require.main === module) require('../driver').main(module.exports);
