'use strict';

// Each request listens for a change of the configuration and never stops listening; the listener closes over the request.

const { EventEmitter } = require('events');
const { user } = require('../payload');

const configuration = new EventEmitter();
configuration.setMaxListeners(0);

function handle(request) {
  configuration.on('change', () => {
    request.stale = true;
  });
}

module.exports = {
  name: 'listeners on a long-lived emitter',
  leaks: true,
  channel: 'heap',
  round(i) {
    for (let n = 0; n < 50; n += 1) handle({ id: i, user: user(n) });
  },
};

if (require.main === module) require('../driver').main(module.exports);
