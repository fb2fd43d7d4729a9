'use strict';
// For Jest's `reporters`: gathers what the workers measured, names what leaks
// and what holds it, and lets the run fail if that was asked for.

const path = require('path');
const { announce } = require('./jest/worker');
const { hostHere } = require('./jest/shared');
const { reporterOptions } = require('./runner/options');
const runDirectory = require('./runner/run-directory');
const { report } = require('./runner/report');

const HOOK = path.join(__dirname, '..', 'jest.js');

class LeakwatchReporter {
  constructor(globalConfig, options) {
    this.config = globalConfig;
    this.options = reporterOptions(options, process.env);
    this.durations = new Map();
    /** How often each test file was begun: in several projects more than once. */
    this.runs = new Map();
    this.error = undefined;
    this.folder = runDirectory.create();
    this.plan = { costLimit: this.options.costLimit, capture: this.options.capture };
    runDirectory.writePlan(this.folder, this.plan);
    this.cleanUp = () => runDirectory.remove(this.folder);
    process.once('exit', this.cleanUp);
  }

  onRunStart({ numTotalTestSuites }) {
    const workers = Math.min(this.config.maxWorkers || 1, numTotalTestSuites) || 1;
    Object.assign(this.plan, { total: numTotalTestSuites, workers });
    runDirectory.writePlan(this.folder, this.plan);
  }

  onTestFileStart(test) {
    this.hasFileStart = true;
    this.begun(test);
  }

  /** Jest 26's name for it. */
  onTestStart(test) {
    if (!this.hasFileStart) this.begun(test);
  }

  begun(test) {
    if (!runDirectory.isCurrent(this.folder)) return;
    this.runs.set(test.path, (this.runs.get(test.path) || 0) + 1);
    runDirectory.begun.add(this.folder);
    announce(test.path);
    addHook(test.context && test.context.config);
  }

  onTestResult(test, result) {
    const { perfStats } = result;
    if (perfStats) this.durations.set(test.path, perfStats.runtime || perfStats.end - perfStats.start);
  }

  async onRunComplete() {
    try {
      if (!runDirectory.isCurrent(this.folder)) {
        process.stderr.write(runDirectory.NAMED_TWICE);
        return;
      }
      // Test files that ran in this process have told nobody yet that they are through.
      const host = hostHere();
      if (host) await host.finish();
      const { text, failure } = await report(this.folder, {
        runner: 'Jest',
        rootDir: this.config.rootDir,
        durations: this.durations,
        runs: this.runs,
        options: this.options,
      });
      process.stderr.write(text);
      if (failure) this.error = new Error(failure);
    } catch (error) {
      process.stderr.write(`leakwatch: ${error.message}\n`);
      if (error.code === 'ERR_LEAKWATCH_INVALID_ARGUMENT') this.error = error;
    } finally {
      this.cleanUp();
      process.removeListener('exit', this.cleanUp);
    }
  }

  getLastError() {
    return this.error;
  }
}

/** The hook, where the project does not name it itself. */
function addHook(config) {
  if (!config || !Array.isArray(config.setupFiles)) return;
  const ours = config.setupFiles.some((file) => path.resolve(file) === HOOK);
  if (!ours && !Object.isFrozen(config.setupFiles)) config.setupFiles.unshift(HOOK);
}

module.exports = LeakwatchReporter;
