'use strict';

// A full cache under random keys: every round replaces another part of it, with values of other sizes, so the baseline wanders.

const Lru = require('../lru');
const { text } = require('../payload');

const cache = new Lru(2000);

// A fixed sequence, so that each run wanders the same way.
let seed = 42;
function random(below) {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return Math.floor(seed / 2147483648 * below);
}

function request() {
  const key = `key ${random(6000)}`;
  if (cache.get(key) === undefined) cache.set(key, text(100 + random(2000)));
}

module.exports = {
  name: 'cache under random keys',
  leaks: false,
  channel: 'heap',
  natural: true,
  setup() {
    for (let n = 0; n < 6000; n += 1) request();
  },
  round() {
    for (let n = 0; n < 400; n += 1) request();
  },
};

if (require.main === module) require('../driver').main(module.exports);
