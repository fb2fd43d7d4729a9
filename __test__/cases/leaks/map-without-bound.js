'use strict';

// The commonest leak of all: a cache at module level that never drops anything, with a key that hardly repeats.

const { user } = require('../payload');

const cache = new Map();

function profile(url) {
  if (!cache.has(url)) cache.set(url, user(cache.size));
  return cache.get(url);
}

module.exports = {
  name: 'module-level Map without a bound',
  leaks: true,
  channel: 'heap',
  natural: true,
  round(i) {
    for (let n = 0; n < 100; n += 1) profile(`/users/${i}?request=${n}`);
  },
};

if (require.main === module) require('../driver').main(module.exports);
