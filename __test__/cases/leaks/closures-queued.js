'use strict';

// Metrics are queued as closures to be sent when idle, and each idle turn sends fewer than were queued.

const { text } = require('../payload');

const queue = [];
let sent = 0;

function drainSome(count) {
  for (let i = 0; i < count && queue.length > 0; i += 1) queue.shift()();
}

module.exports = {
  name: 'queue of closures that is drained too slowly',
  leaks: true,
  channel: 'heap',
  round() {
    for (let n = 0; n < 200; n += 1) {
      const line = text(128);
      queue.push(() => {
        sent += line.length;
      });
    }
    drainSome(120);
  },
};

if (require.main === module) require('../driver').main(module.exports);
