'use strict';

// WeakRef, WeakMap and FinalizationRegistry as they are meant to be used: what they refer to may go, and does. Their own
// cells are cleaned up a turn of the event loop later.

/* global FinalizationRegistry, WeakRef */

const { user } = require('../payload');

const references = new Map();
const metadata = new WeakMap();
let registry = null;

module.exports = {
  name: 'WeakRef, WeakMap and FinalizationRegistry churn',
  leaks: false,
  channel: 'heap',
  node: '>=14.6',
  natural: true,
  setup() {
    registry = new FinalizationRegistry((key) => references.delete(key));
  },
  round(i) {
    for (let n = 0; n < 100; n += 1) {
      const key = `${i}/${n}`;
      const target = user(n);
      references.set(key, new WeakRef(target));
      metadata.set(target, { key, seen: i });
      registry.register(target, key);
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
