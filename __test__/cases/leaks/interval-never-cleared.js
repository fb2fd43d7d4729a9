'use strict';

// Each connection starts a heartbeat that nobody clears when the connection ends; the timer's closure keeps the connection.

const { user } = require('../payload');

const HOUR = 3600 * 1000;

class Connection {
  constructor(id) {
    this.user = user(id);
    this.beats = 0;
    this.heartbeat = setInterval(() => {
      this.beats += 1;
    }, HOUR);
    // Or the leak would also keep the process from ending.
    this.heartbeat.unref();
  }
}

module.exports = {
  name: 'setInterval that is never cleared',
  leaks: true,
  channel: 'heap',
  round(i) {
    for (let n = 0; n < 50; n += 1) new Connection(i);
  },
};

if (require.main === module) require('../driver').main(module.exports);
