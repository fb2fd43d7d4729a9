'use strict';
// A baseline before each test file, for as long as this worker lives, and a
// table when it ends.

const fs = require('fs');
const path = require('path');
const host = require('./host');
const { tick } = require('./baselines');
const { trend } = require('./trend');
const { table } = require('./jest-table');

/** Where Jest's `expect` keeps its state, the test file's path among it. */
const MATCHERS = Symbol.for('$$jest-matchers-object');
/** How long to look for it: turns of the event loop, and microtasks in each. */
const TURNS = 300;
const STEPS = 500;

/**
 * Jest itself keeps 7 to 8 KB of results for each file, which is no leak of the
 * tests; a leaked environment is a hundred times that.
 */
const thresholds = { floorBytes: 64e3, minRise: 1e6, creepRise: 16e6 };

const { native } = host;
const files = [];
let hooked = false;

/** Called before each test file with its global object. */
function beforeFile(realm) {
  if (!hooked) {
    hooked = true;
    process.on('exit', report);
  }
  const baseline = tick();
  const file = { path: null, baseline };
  files.push(file);
  findPath(file, weakly(realm));
}

/**
 * The path is known to the realm once the test framework is there, some steps
 * from now. The realm is held weakly meanwhile: it must not outlive its tests
 * on our account, and must not be touched once it is torn down.
 */
async function findPath(file, ref) {
  for (let turn = 0; turn < TURNS; turn++) {
    // A short file is set up, run and torn down in microtasks alone.
    for (let step = 0; step < STEPS; step++) {
      const found = pathIn(ref.deref());
      if (found !== undefined) {
        if (found) {
          file.path = found;
          native.relabel(file.baseline.index, found);
        }
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
  const matchers = global[MATCHERS];
  const found = matchers && matchers.state && matchers.state.testPath;
  return typeof found === 'string' ? found : undefined;
}

function report() {
  if (process.env.LEAKWATCH_REPORT === 'off' || files.length === 0) return;
  const last = tick();
  const after = files.slice(1).map((file) => file.baseline).concat(last);
  const rows = files.map((file, at) => ({
    name: file.path === null ? `test file ${at + 1}` : path.relative(process.cwd(), file.path),
    baseline: file.baseline.heapUsed,
    after: after[at].heapUsed,
    contexts: after[at].nativeContexts,
  }));
  const worker = process.env.JEST_WORKER_ID ? `worker ${process.env.JEST_WORKER_ID}` : 'this process';
  const text = table({ title: `leakwatch: Jest, ${worker}`, rows, trend: trend({ thresholds }) });
  try {
    fs.writeSync(2, text);
  } catch (_) {
    // Nobody reads standard error any more.
  }
}

module.exports = { beforeFile };
