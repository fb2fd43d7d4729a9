'use strict';
// Packages that the application brings along: leakwatch depends on none.

const path = require('path');
const { LeakwatchError } = require('./error');

/** Where the application's packages are, nearest to its own code first. */
function folders() {
  const main = process.argv[1] ? [path.dirname(path.resolve(process.argv[1]))] : [];
  return [...main, process.cwd(), __dirname];
}

/** The application's copy of `name`; `option` is how to hand one over. */
function load(name, option) {
  let file;
  try {
    file = require.resolve(name, { paths: folders() });
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    throw new LeakwatchError(
      'ERR_LEAKWATCH_MISSING_PEER',
      `${name} is not installed where this program looks for packages: run "npm install ${name}", or hand over the ` +
        `copy you use: exportMetrics({ ${option}: require('${name}') })`,
      { peer: name }
    );
  }
  // One that is there and does not load has a reason, and the reason is the caller's to see.
  return require(file);
}

module.exports = { load };
