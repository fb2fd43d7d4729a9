'use strict';

// For node:test: `--import leakwatch/register --test-reporter leakwatch/node-test-reporter`.
module.exports = require('./lib/node-test-reporter');
