'use strict';
/* global jest */
// Runs before each test file, in that file's own realm, which ends with it. All
// state therefore lives in the realm the test runner itself runs in.

const path = require('path');

// `automock` would replace our own modules as well.
const real = typeof jest === 'object' && jest.requireActual ? jest.requireActual : require;

real('./runner/outer').outerRequire()(path.join(__dirname, 'jest', 'host.js')).beforeFile(globalThis);
