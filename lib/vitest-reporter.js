'use strict';
// For Vitest's `reporters`: the same table, files and verdict as in Jest.

const { reporterOptions } = require('./runner/options');
const runDirectory = require('./runner/run-directory');
const { report } = require('./runner/report');

class LeakwatchReporter {
  constructor(options) {
    this.options = reporterOptions(options, process.env);
    this.folder = undefined;
  }

  onInit(vitest) {
    this.root = (vitest.config && vitest.config.root) || process.cwd();
    this.begin();
  }

  begin() {
    this.folder = runDirectory.create();
    this.plan = { costLimit: this.options.costLimit, capture: this.options.capture };
    runDirectory.writePlan(this.folder, this.plan);
    this.cleanUp = () => runDirectory.remove(this.folder);
    process.once('exit', this.cleanUp);
  }

  onTestRunStart(specifications) {
    // In watch mode each run begins anew.
    if (!this.folder) this.begin();
    this.plan.total = specifications.length;
    runDirectory.writePlan(this.folder, this.plan);
  }

  onTestModuleQueued() {
    if (this.folder && runDirectory.isCurrent(this.folder)) runDirectory.begun.add(this.folder);
  }

  async onTestRunEnd() {
    await this.end();
  }

  /** Vitest before 3. */
  async onFinished() {
    if (this.folder) await this.end();
  }

  async end() {
    const { folder } = this;
    this.folder = undefined;
    if (!folder) return;
    try {
      if (!runDirectory.isCurrent(folder)) {
        process.stderr.write(runDirectory.NAMED_TWICE);
        return;
      }
      const { text, failure } = await report(folder, { runner: 'Vitest', rootDir: this.root, options: this.options });
      process.stderr.write(text);
      if (failure) {
        process.stderr.write(`${failure}\n`);
        process.exitCode = 1;
      }
    } catch (error) {
      process.stderr.write(`leakwatch: ${error.message}\n`);
      process.exitCode = 1;
    } finally {
      process.removeListener('exit', this.cleanUp);
      runDirectory.remove(folder);
    }
  }
}

module.exports = LeakwatchReporter;
