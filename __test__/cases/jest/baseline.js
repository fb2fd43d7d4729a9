'use strict';

// For Jest's setupFilesAfterEnv: a baseline after each test file. Jest evaluates this and leakwatch's JavaScript anew for
// each file; the baselines go on all the same, since leakwatch keeps them outside of Jest's module registry.

/* global afterAll */

const fs = require('fs');
const leakwatch = require(process.env.LEAKWATCH_MODULE || '../../..');

// Jest keeps the results of each file for its report: 8 KB for files like these, and no leak.
const thresholds = { floorBytes: 64e3, creepRise: 16e6 };

afterAll(() => {
  leakwatch.tick();
  const { baselines } = leakwatch.history();
  fs.writeFileSync(process.env.LEAKWATCH_CASE_RESULT, JSON.stringify({ trend: leakwatch.trend({ thresholds }), baselines }));
});
