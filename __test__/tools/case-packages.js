'use strict';

// Installs the third-party packages that some cases are about, from the cases' own lock file, unless they are there.
//
//   node __test__/tools/case-packages.js

const fs = require('fs');
const path = require('path');
const crypto = require('crypto');
const { spawnSync } = require('child_process');

const FOLDER = path.join(__dirname, '..', 'cases');
const WINDOWS = process.platform === 'win32';

/** Leaves __test__/cases/node_modules as the lock file says. */
function ensure() {
  const lock = fs.readFileSync(path.join(FOLDER, 'package-lock.json'));
  const wanted = crypto.createHash('sha256').update(lock).digest('hex');
  // Written last, so an installation that was broken off does not count.
  const mark = path.join(FOLDER, 'node_modules', '.installed');
  if (fs.existsSync(mark) && fs.readFileSync(mark, 'utf8') === wanted) return;
  const { status, error, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
    cwd: FOLDER, encoding: 'utf8', shell: WINDOWS,
  });
  if (error) throw new Error(`npm cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`npm ci in __test__/cases failed: ${stderr.trim()}`);
  fs.writeFileSync(mark, wanted);
}

if (require.main === module) ensure();

module.exports = { ensure };
