'use strict';
// Which program this process runs.

const path = require('path');

/** pm2 runs programs inside of a file of its own, and says theirs in the environment, which their children inherit. */
function programPath() {
  const [, given] = process.argv;
  const isPm2 = given && path.basename(given).startsWith('ProcessContainer');
  return (isPm2 && process.env.pm_exec_path) || given || null;
}

module.exports = { programPath };
