'use strict';

// For `require('leakwatch/opentelemetry')`.
module.exports = require('./lib/opentelemetry');
