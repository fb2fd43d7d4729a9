'use strict';

// For `node --require leakwatch/register` and `--import leakwatch/register`.
require('./lib/register');
