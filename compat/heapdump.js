'use strict';

// In place of the package: `require('leakwatch/compat/heapdump')`.
module.exports = require('../lib/compat/heapdump');
