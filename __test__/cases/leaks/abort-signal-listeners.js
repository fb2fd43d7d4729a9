'use strict';

// One AbortSignal for the whole service, and each request adds a listener to it that is not taken off when the request is done.

/* global AbortController */

const { user } = require('../payload');

let shutdown = null;

module.exports = {
  name: 'listeners on a long-lived AbortSignal',
  leaks: true,
  channel: 'heap',
  node: '>=16',
  setup() {
    shutdown = new AbortController();
    require('events').setMaxListeners(0, shutdown.signal);
  },
  round(i) {
    for (let n = 0; n < 50; n += 1) {
      const request = user(i);
      shutdown.signal.addEventListener('abort', () => {
        request.aborted = true;
      });
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
