'use strict';

// In place of the package: `require('leakwatch/compat/memwatch')`.
module.exports = require('../lib/compat/memwatch');
