'use strict';

// For Vitest: `reporters: ['default', 'leakwatch/vitest-reporter']`.
module.exports = require('./lib/vitest-reporter');
