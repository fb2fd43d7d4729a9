'use strict';
// Jest's workers from inside: one series for as long as this worker lives. With
// leakwatch/jest-reporter in the parent the figures go there; without it a
// table is printed when the worker ends.

const fs = require('fs');
const runDirectory = require('../runner/run-directory');
const { Series } = require('../runner/series');
const { findPath, weakly } = require('./test-path');
const { share } = require('./shared');
const worker = require('./worker');

let series;
let hooked = false;
let told = false;

/** Called before each test file with its global object. What goes wrong here must not be the test file's fault. */
function beforeFile(realm) {
  try {
    begin(realm);
  } catch (error) {
    if (!told) process.stderr.write(`leakwatch: ${error.stack}\n`);
    told = true;
  }
}

function begin(realm) {
  if (!hooked) hook();
  const folder = runDirectory.find();
  // In watch mode each run has a reporter of its own, and a series with it.
  if (!series || series.folder !== folder) {
    series = new Series({ runner: 'Jest', folder, worker: process.env.JEST_WORKER_ID || null });
  }
  const current = series;
  // Named among the setup files and added by the reporter as well.
  if (current.isCurrent(realm)) return;
  const n = current.begin(realm, worker.pathOfCall());
  if (current.files[n].path === null) findPath(weakly(realm), (found) => current.name(n, found));
}

function hook() {
  hooked = true;
  openResolver();
  process.on('exit', print);
  // A worker that is force-exited, or restarted because of workerIdleMemoryLimit, has no 'exit'.
  worker.attach({
    beforeResult: () => (series && series.mayBeLast() ? series.finish() : undefined),
    beforeEnd,
    killed: print,
  });
}

/**
 * Node makes its resolver once, when it is first needed, and a handle keeps the async context it was made in: in a test file,
 * that is the file. So it is made here, outside of any.
 */
function openResolver() {
  try {
    require('dns').getServers();
  } catch (_) {
    // No resolver, no handle.
  }
}

/** Jest waits for half a second after it has told a worker to end. */
function beforeEnd() {
  if (series && series.folder) series.finishAtOnce();
  else print();
}

/** For the reporter, when the tests ran in its own process. */
async function finish() {
  if (series) await series.finish();
}

let printed;

function print() {
  if (!series || series.folder || printed === series || series.files.length === 0) return;
  if (process.env.LEAKWATCH_REPORT === 'off') return;
  printed = series;
  series.finishNow();
  const { hookTable } = require('../runner/hook-table');
  const name = process.env.JEST_WORKER_ID ? `worker ${process.env.JEST_WORKER_ID}` : 'this process';
  try {
    fs.writeSync(2, hookTable({ title: `leakwatch: Jest, ${name}`, records: series.records(), rootDir: process.cwd(), costLimit: series.costLimit }));
  } catch (_) {
    // Nobody reads standard error any more.
  }
}

module.exports = { beforeFile, finish };

share(module.exports);
