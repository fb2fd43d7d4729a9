'use strict';

// For Jest: `setupFiles: ['leakwatch/jest']`.
require('./lib/jest');
