'use strict';

// Promise.race with one promise that lives as long as the service (its shutdown, say): each race leaves a reaction on it, with
// all that the winner brought.

const { user } = require('../payload');

const shutdown = new Promise(() => {});

module.exports = {
  name: 'Promise.race against a promise that never settles',
  leaks: true,
  channel: 'heap',
  async round(i) {
    for (let n = 0; n < 100; n += 1) await Promise.race([shutdown, Promise.resolve(user(i))]);
  },
};

if (require.main === module) require('../driver').main(module.exports);
