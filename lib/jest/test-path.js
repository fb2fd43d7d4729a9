'use strict';
// Which test file a realm belongs to. Jest tells its setup files nothing, but
// its `expect` keeps the path in the realm's global object.

const host = require('../host');

/** Where `expect` keeps its state. */
const MATCHERS = Symbol.for('$$jest-matchers-object');
/** How long to look for it: turns of the event loop, and microtasks in each. */
const TURNS = 300;
const STEPS = 500;

/**
 * Calls `tell(path)` once the framework is there, some steps from now. The realm is given by a weak `reference`: it must
 * not outlive its tests on our account.
 */
async function findPath(reference, tell) {
  for (let turn = 0; turn < TURNS; turn++) {
    // A short file is set up, run and torn down in microtasks alone.
    for (let step = 0; step < STEPS; step++) {
      const found = pathIn(reference.deref());
      if (found !== undefined) {
        if (found) tell(found);
        return;
      }
      await undefined;
    }
    await new Promise((resolve) => host.timers.setImmediate(resolve));
  }
}

/** Before Node 14.6 there is no WeakRef: held until the path is found, then not. */
function weakly(object) {
  // eslint-disable-next-line n/no-unsupported-features/es-builtins, n/no-unsupported-features/es-syntax
  const { WeakRef: Weak } = globalThis;
  return Weak ? new Weak(object) : { deref: () => object };
}

/** The test file's path; undefined if it is not known yet, '' if it never will be. */
function pathIn(global) {
  if (!global) return '';
  const state = value(value(global, MATCHERS), 'state');
  const found = value(state, 'testPath');
  return typeof found === 'string' ? found : undefined;
}

/** A property's value without calling anything: Jest 30 puts getters that warn in place of what it took down. */
function value(object, key) {
  if (object === null || typeof object !== 'object') return undefined;
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  return descriptor && descriptor.value;
}

module.exports = { findPath, weakly };
