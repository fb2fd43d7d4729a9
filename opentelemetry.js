'use strict';

// For `require('leakwatch/opentelemetry')`.
const { exportMetrics } = require('./lib/opentelemetry');

module.exports = { exportMetrics };
