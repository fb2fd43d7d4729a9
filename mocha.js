'use strict';

// For Mocha: `mocha --require leakwatch/mocha`.
module.exports = require('./lib/mocha');
