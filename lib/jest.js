'use strict';
/* global jest */
// Runs before each test file, in that file's own realm, which ends with it. All
// state therefore lives in the realm the test runner itself runs in.

const path = require('path');

// `automock` would replace our own modules as well.
const real = typeof jest === 'object' && jest.requireActual ? jest.requireActual : require;

/** `require` of the outer realm, or this one's where there is no way out. */
function outerRequire() {
  const { process: outer } = real('./native').load().hostGlobal();
  if (outer.getBuiltinModule) return outer.getBuiltinModule('module').createRequire(__filename);
  if (outer.mainModule) return (file) => outer.mainModule.require(file);
  return real;
}

outerRequire()(path.join(__dirname, 'jest-host.js')).beforeFile(globalThis);
