'use strict';

// For Jest: `setupFilesAfterEnv: ['leakwatch/matchers']`. Where `expect` is no
// global, `expect.extend(require('leakwatch/matchers'))`.
const matchers = require('./lib/matchers');

if (typeof globalThis.expect === 'function' && typeof globalThis.expect.extend === 'function') {
  globalThis.expect.extend(matchers);
}

module.exports = matchers;
