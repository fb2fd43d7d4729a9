'use strict';

// For `require('leakwatch/prometheus')`.
module.exports = require('./lib/prometheus');
