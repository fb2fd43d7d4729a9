'use strict';
// Jest's workers from inside: one series for as long as this worker lives. With
// leakwatch/jest-reporter in the parent the figures go there; without it a
// table is printed when the worker ends.

const fs = require('fs');
const runDirectory = require('../runner/run-directory');
const { Series } = require('../runner/series');
const { findPath, weakly } = require('./test-path');
const worker = require('./worker');

let series;
let hooked = false;

/** Called before each test file with its global object. */
function beforeFile(realm) {
  if (!hooked) hook();
  const folder = runDirectory.find();
  // In watch mode each run has a reporter of its own, and a series with it.
  if (!series || series.folder !== folder) {
    series = new Series({ runner: 'Jest', folder, worker: process.env.JEST_WORKER_ID || null });
  }
  const current = series;
  const n = current.begin(realm, worker.pathOfCall());
  if (current.files[n].path === null) findPath(weakly(realm), (found) => current.name(n, found));
}

function hook() {
  hooked = true;
  process.on('exit', print);
  // A worker that is force-exited, or restarted because of workerIdleMemoryLimit, has no 'exit'.
  worker.attach({
    beforeResult: () => (series && series.mayBeLast() ? series.finish() : undefined),
    beforeEnd: print,
    killed: print,
  });
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
