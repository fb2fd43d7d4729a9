'use strict';
/* global jest */
// The way out of a test file's realm, into the one the test runner itself runs
// in: state of the realm within ends with the file.

const real = typeof jest === 'object' && jest.requireActual ? jest.requireActual : require;

/** `require` of the outer realm, or this one's where there is no way out. */
function outerRequire() {
  const { process: outer } = real('../native').load().hostGlobal();
  if (outer.getBuiltinModule) return outer.getBuiltinModule('module').createRequire(__filename);
  if (outer.mainModule) return (file) => outer.mainModule.require(file);
  return real;
}

module.exports = { outerRequire };
