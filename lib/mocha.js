'use strict';
// For Mocha's --require: root hooks, which run in every worker of --parallel as
// well, and global fixtures, which run once in the parent. Options come from
// LEAKWATCH_*: Mocha hands none over.

const host = require('./host');
const { reporterOptions } = require('./runner/options');
const runDirectory = require('./runner/run-directory');
const { report } = require('./runner/report');
const { Series } = require('./runner/series');

let options;
let folder;
let series;
let current = null;

function mochaGlobalSetup() {
  options = reporterOptions(undefined, process.env);
  folder = runDirectory.create();
  runDirectory.writePlan(folder, { costLimit: options.costLimit, capture: options.capture });
}

const mochaHooks = {
  /** Mocha tells of the file with each test; a new one has begun when it changes. */
  beforeEach() {
    const { file } = this.currentTest;
    if (!file || file === current) return;
    const found = runDirectory.find();
    if (!found) return;
    current = file;
    if (!series || series.folder !== found) series = new Series({ runner: 'Mocha', folder: found, worker: process.env.MOCHA_WORKER_ID || null });
    // A baseline is not the test's time. The limit is the hook's own, not that of the test.
    this.timeout(0);
    series.begin(undefined, file);
  },
  /** In a worker: after each file. In one process: after all of them. */
  async afterAll() {
    if (!series || series.files.length === 0) return;
    this.timeout(0);
    if (process.env.MOCHA_WORKER_ID) series.done(series.files.length - 1);
    else await series.finish();
    current = null;
  },
};

async function mochaGlobalTeardown() {
  try {
    const { text, failure } = await report(folder, { runner: 'Mocha', rootDir: process.cwd(), options });
    process.stderr.write(text);
    if (failure) fail(failure);
  } catch (error) {
    fail(`leakwatch: ${error.message}`);
  } finally {
    runDirectory.remove(folder);
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  const insist = (code) => {
    if (code === 0) process.exitCode = 1;
  };
  // With --exit Mocha ends the process at once; without, a listener it adds in a moment sets the code, and ours must follow it.
  process.on('exit', insist);
  host.timers.setImmediate(() => process.on('exit', insist));
}

module.exports = { mochaGlobalSetup, mochaGlobalTeardown, mochaHooks };
