'use strict';
// A real browser for the report's page: Chromium from PATH, or Debian's package.

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const ADVICE = 'install Chromium and put it on PATH (on Debian: apt-get install chromium), then run this again';

function find() {
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    for (const name of NAMES) {
      const file = path.join(folder, name);
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return file;
      } catch (_) {
        // Not here.
      }
    }
  }
  return null;
}

/** The browser's path; installs it where that is possible, and ends the process where there is none. */
function ensure() {
  const found = find();
  if (found) return found;
  const isDebian = fs.existsSync('/etc/debian_version') && process.getuid && process.getuid() === 0;
  if (isDebian) {
    process.stdout.write('installing Chromium with apt-get\n');
    const apt = (...args) => spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    apt('update', '-q');
    apt('install', '-q', '-y', '--no-install-recommends', 'chromium');
  }
  const installed = find();
  if (installed) return installed;
  process.stderr.write(`leakwatch: the report's page is tested in a browser, and there is none: ${ADVICE}\n`);
  return process.exit(1);
}

module.exports = { ADVICE, ensure, find };
