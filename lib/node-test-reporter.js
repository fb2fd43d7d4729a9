'use strict';
// A reporter of node:test that tells what each test file's process held. Options
// come from LEAKWATCH_*.

const { reporterOptions } = require('./runner/options');
const runDirectory = require('./runner/run-directory');
const { report } = require('./runner/report');

/** `--test-isolation=none`, or as it was called before Node 23.6. */
const SHARED = /--(experimental-)?test-isolation[= ]none/.test(`${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS || ''}`);

const options = reporterOptions(undefined, process.env);
// Now, before the first test file's process gets its environment.
const folder = runDirectory.create();
runDirectory.writePlan(folder, { costLimit: options.costLimit, capture: options.capture });
process.once('exit', () => runDirectory.remove(folder));

module.exports = async function* leakwatchReporter(source) {
  // eslint-disable-next-line no-unused-vars
  for await (const event of source);
  try {
    if (SHARED) {
      yield 'leakwatch: without isolation node:test runs all files in one process, and tells nobody which file is which: nothing was measured\n';
      return;
    }
    const { text, failure } = await report(folder, { runner: 'node:test', rootDir: process.cwd(), options });
    yield text;
    if (failure) {
      yield `${failure}\n`;
      process.exitCode = 1;
    }
  } catch (error) {
    yield `leakwatch: ${error.message}\n`;
    process.exitCode = 1;
  } finally {
    runDirectory.remove(folder);
  }
};
