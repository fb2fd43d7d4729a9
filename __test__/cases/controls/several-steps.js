'use strict';

// Several lazily loaded parts of a service, each on its first use. The uses get rarer, as they do: the last comes at 60 %.

const { user } = require('../payload');

const STEPS = [0.1, 0.2, 0.35, 0.6];

const tables = [];

module.exports = {
  name: 'several one-off steps',
  leaks: false,
  channel: 'heap',
  rounds: 50,
  round(i, rounds) {
    if (STEPS.some((share) => i === Math.floor(rounds * share))) {
      tables.push(Array.from({ length: 2000 }, (unused, n) => user(n)));
    }
    for (let n = 0; n < 100; n += 1) user(n);
  },
};

if (require.main === module) require('../driver').main(module.exports);
