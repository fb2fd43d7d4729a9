'use strict';

// For `node --require leakwatch/register` and `--import leakwatch/register`.
try {
  require('./lib/register');
} catch (error) {
  // NODE_OPTIONS reaches every child, one with no binary of ours among them: it must run all the same.
  require('fs').writeSync(2, `leakwatch[${process.pid}]: not watching: ${error.message}\n`);
}
