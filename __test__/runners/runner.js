'use strict';

// Runs an example folder's own test runner, and reads what it left.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFile } = require('child_process');
const { ROOT, install } = require('../../scripts/setup');

const HANGS_AFTER_MS = 8 * 60 * 1000;

/** The folder of an example, its dependencies installed. */
function example(name) {
  const folder = path.join(ROOT, 'examples', name);
  install(folder);
  return folder;
}

/** `{code, text}` of a program of the folder's; `bin` below its node_modules. */
function run(folder, args, { env, node = process.execPath } = {}) {
  const clean = { ...process.env, NODE_OPTIONS: '', CI: 'true', NO_COLOR: '1', ...env };
  // The test runner above us must not be taken for a parent, nor this machine for GitHub.
  for (const name of ['NODE_TEST_CONTEXT', 'GITHUB_ACTIONS', 'FORCE_COLOR', 'LEAKWATCH_RUN_DIRECTORY']) delete clean[name];
  return new Promise((resolve) => {
    execFile(node, args, { cwd: folder, env: clean, timeout: HANGS_AFTER_MS, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, text: stdout + stderr });
    });
  });
}

/** A temporary folder with these files; removed when the test is over. */
function scratch(context, files = {}) {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'leakwatch-runners-'));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

module.exports = { example, run, scratch };
