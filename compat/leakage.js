'use strict';

// In place of the package: `require('leakwatch/compat/leakage')`.
module.exports = require('../lib/compat/leakage');
