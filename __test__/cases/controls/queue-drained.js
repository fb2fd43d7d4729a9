'use strict';

// A queue that grows for two thirds of the run, because its consumer is slow, and is then drained.

const { user } = require('../payload');

const queue = [];

module.exports = {
  name: 'queue that grows and is drained',
  leaks: false,
  channel: 'heap',
  rounds: 45,
  round(i, rounds) {
    if (i < rounds * 0.5) for (let n = 0; n < 100; n += 1) queue.push(user(n));
    else queue.splice(0, Math.ceil(queue.length / 4));
  },
};

if (require.main === module) require('../driver').main(module.exports);
