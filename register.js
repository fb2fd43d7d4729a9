'use strict';

const fs = require('fs');
const path = require('path');

/** `leakwatch status 1` in the environment of the service that it asks: not one to be watched, nor to be listed. */
function isOurCommand() {
  try {
    return fs.realpathSync(process.argv[1]) === path.join(__dirname, 'lib', 'cli.js');
  } catch (_) {
    return false;
  }
}

// For `node --require leakwatch/register` and `--import leakwatch/register`.
try {
  if (!isOurCommand()) require('./lib/register');
} catch (error) {
  // NODE_OPTIONS reaches every child, one with no binary of ours among them: it must run all the same.
  fs.writeSync(2, `leakwatch[${process.pid}]: not watching: ${error.message}\n`);
}
