'use strict';

// Requests come in bursts: a burst is still being worked on for some rounds, then all of it is done and nothing happens.

const { user } = require('../payload');

const inFlight = [];

module.exports = {
  name: 'bursts, then idle',
  leaks: false,
  channel: 'heap',
  rounds: 48,
  natural: true,
  round(i, rounds) {
    const phase = i % 12;
    const over = i > rounds * 0.7;
    if (phase < 3 && !over) for (let n = 0; n < 1000; n += 1) inFlight.push(user(n));
    else inFlight.splice(0, 400);
    if (phase === 11) inFlight.length = 0;
  },
};

if (require.main === module) require('../driver').main(module.exports);
