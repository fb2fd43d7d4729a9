'use strict';
// Epoch milliseconds on a clock that does not jump when the system's is set: that of the addon's records.

const { performance } = require('perf_hooks');

const now = () => performance.timeOrigin + performance.now();

module.exports = { now };
