'use strict';

// Metadata hangs on sessions through a WeakMap, so it would go with them, but a registry keeps every session, the key.

const { user } = require('../payload');

const metadata = new WeakMap();
const registry = new Set();

module.exports = {
  name: 'WeakMap whose keys are kept alive',
  leaks: true,
  channel: 'heap',
  round(i) {
    for (let n = 0; n < 60; n += 1) {
      const session = { id: `${i}/${n}` };
      registry.add(session);
      metadata.set(session, user(n));
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
