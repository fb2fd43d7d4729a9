'use strict';
// Vitest's workers from inside. Pools forks and threads give each file a process
// or thread of its own; vmThreads and vmForks a realm in one that goes on, and
// without isolation files share everything.

const runDirectory = require('./runner/run-directory');
const { Series } = require('./runner/series');

let series;

/** Called before each test file with its global object. */
function beforeFile(realm) {
  const { __vitest_worker__: worker, __vitest_index__: vitest } = realm;
  // Vitest's configuration may load this too, where no tests run.
  if (!worker) return;
  const folder = runDirectory.find();
  if (!folder) return;
  if (!series || series.folder !== folder) {
    series = new Series({ runner: 'Vitest', folder, worker: process.env.VITEST_POOL_ID || null });
  }
  const current = series;
  const last = current.files[current.files.length - 1];
  if (last && last.path === worker.filepath) return;
  // Files that share a realm say nothing about one another: it stays for the next.
  const shared = realm === globalThis || current.isCurrent(realm);
  if (shared && last) last.alive = false;
  const n = current.begin(shared ? undefined : realm, worker.filepath);
  // Nobody tells a worker that it is to end: what the last file left is measured at its own end.
  if (vitest && vitest.afterAll) vitest.afterAll(() => after(current, n), 0);
}

function after(series, n) {
  // A worker is not told that it is to end; but where no file is left to begin, this one may be its last.
  return series.mayBeLast() ? series.finish() : series.done(n);
}

// Vitest empties the cache of modules between files; the first of us goes on.
const KEY = Symbol.for('leakwatch.vitest');
if (!globalThis[KEY]) Object.defineProperty(globalThis, KEY, { value: { beforeFile } });

module.exports = globalThis[KEY];
