'use strict';
/* global jest */
// For Jest: `setupFiles: ['leakwatch/jest']`. Runs before each test file, in that file's own realm, which ends with it. All
// state therefore lives in the realm the test runner itself runs in.

// `automock` would replace our own modules as well.
const real = typeof jest === 'object' && jest.requireActual ? jest.requireActual : require;

// The first test file of a process finds the way out; for the others it is kept where Node's own modules are, which all realms
// share: a module more in each realm costs the run about a millisecond.
const host =
  real('vm')[Symbol.for(`leakwatch ${__dirname}`)] ||
  real('./lib/runner/outer').outerRequire()(`${__dirname}/lib/jest/host.js`);

host.beforeFile(globalThis);
