'use strict';
// What a fresh clone needs before anything else: dependencies and the addon.

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { build } = require('./build');

const ROOT = path.join(__dirname, '..');

/** Installs `directory`'s locked dependencies unless they are there already. */
function install(directory) {
  const lock = path.join(directory, 'package-lock.json');
  const stamp = path.join(directory, 'node_modules', '.package-lock.json');
  if (fs.existsSync(stamp) && fs.statSync(stamp).mtimeMs >= fs.statSync(lock).mtimeMs) return;
  process.stdout.write(`installing dependencies of ${path.relative(ROOT, directory) || 'leakwatch'}\n`);
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: directory,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) {
    process.stderr.write(`leakwatch: "npm ci" failed in ${directory}; its messages are above\n`);
    process.exit(1);
  }
  // npm keeps the time of the packages; the stamp must be newer than the lock.
  const now = new Date();
  fs.utimesSync(stamp, now, now);
}

function setup() {
  install(ROOT);
  build();
}

if (require.main === module) setup();

module.exports = { ROOT, install, setup };
