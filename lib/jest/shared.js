'use strict';
// Where every realm of a process finds the one host there is: among Node's own
// modules, which all of them share. jest.js looks there by itself.

const path = require('path');

const KEY = Symbol.for(`leakwatch ${path.join(__dirname, '..', '..')}`);

function share(host) {
  Object.defineProperty(require('vm'), KEY, { value: host, configurable: true });
}

/** The host, if test files have run in this process. */
function hostHere() {
  return require('vm')[KEY];
}

module.exports = { hostHere, share };
