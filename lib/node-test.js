'use strict';
// A test file's process under `node --test`, from inside: what it holds before
// its first module and what after its last test.

const runDirectory = require('./runner/run-directory');
const { Series } = require('./runner/series');

/** Begins, if this process runs a test file and a reporter of ours asks for figures. */
function attach() {
  if (!process.env.NODE_TEST_CONTEXT || !process.argv[1]) return;
  const folder = runDirectory.find();
  if (!folder) return;
  const series = new Series({ runner: 'node:test', folder, worker: null });
  const n = series.begin(undefined, require('path').resolve(process.argv[1]));
  process.on('exit', () => series.done(n));
}

module.exports = { attach };
