'use strict';

// In place of the package: `require('leakwatch/compat/gc-stats')`.
module.exports = require('../lib/compat/gc-stats');
