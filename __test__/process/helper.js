'use strict';
// Children that are watched and end, in every way a process can.

const assert = require('assert');
const { spawnSync } = require('child_process');
const { Worker } = require('worker_threads');
const fs = require('fs');
const path = require('path');
const shared = require('../contract/helper');

/** What every child program may call. */
const PRELUDE = `
const { Worker, isMainThread, threadId, parentPort, workerData } = require('worker_threads');
const until = (condition, then) => {
  const timer = setInterval(() => {
    if (!condition()) return;
    clearInterval(timer);
    then();
  }, 10);
};
const wait = (condition) => new Promise((resolve) => until(condition, resolve));
const churn = () => { let kept; for (let i = 0; i < 2e5; i++) kept = { i }; return kept; };
const kill = (signal) => process.kill(process.pid, signal || 'SIGUSR2');
const inWorker = (code, options) => new Worker(\`
  'use strict';
  const ROOT = \${JSON.stringify(ROOT)};
  const assert = require('assert'), fs = require('fs'), path = require('path');
  const { parentPort, workerData, threadId } = require('worker_threads');
  const leakwatch = require(ROOT);
  \${code}\`, { eval: true, ...options });
process.on('unhandledRejection', (error) => { throw error; });
`;

const run = (script, options) => shared.run(PRELUDE + script, options);
const passes = (script, options) => shared.passes(PRELUDE + script, options);

/** A child that tells what it does with process.send(); `on` reacts to each. */
function converse(script, on, options = {}) {
  return run(script, {
    ...options,
    onSpawn: (child) => child.on('message', (message) => on(message, child)),
  });
}

const files = (directory) => fs.readdirSync(directory);

/** Every file under a whole-looking name is a whole snapshot; the count of them. */
function wholeFiles(directory) {
  const named = files(directory).filter((name) => !name.startsWith('.'));
  for (const name of named) shared.readSnapshot(path.join(directory, name));
  return named.length;
}

/** Nothing half written is left, whatever its name. */
function assertNoRest(directory) {
  assert.deepStrictEqual(files(directory).filter((name) => name.startsWith('.') || name.endsWith('.tmp')), []);
}

/** The C file of this name beside the tests, compiled for LD_PRELOAD. */
function preloaded(t, name) {
  const library = path.join(shared.folder(t), `${name}.so`);
  const { status, error, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, path.join(__dirname, `${name}.c`), '-ldl'], { encoding: 'utf8' });
  // Rust links with it too, so it is there wherever leakwatch is built.
  assert.strictEqual(status, 0, error ? error.message : stderr);
  return library;
}

const text = JSON.stringify;

module.exports = { ...shared, Worker, assertNoRest, converse, files, passes, preloaded, run, text, wholeFiles };
