'use strict';

// For Jest: `reporters: ['default', 'leakwatch/jest-reporter']`.
module.exports = require('./lib/jest-reporter');
