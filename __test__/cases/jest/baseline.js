'use strict';

// For Jest's setupFilesAfterEnv: a baseline after each test file. Jest evaluates this and leakwatch's JavaScript anew for
// each file; the baselines go on all the same, since leakwatch keeps them outside of Jest's module registry.

/* global afterAll */

const fs = require('fs');
const leakwatch = require(process.env.LEAKWATCH_MODULE || '../../..');

afterAll(async () => {
  await leakwatch.promises.tick();
  const { baselines } = leakwatch.history();
  fs.writeFileSync(process.env.LEAKWATCH_CASE_RESULT, JSON.stringify({ trend: leakwatch.trend(), baselines }));
});
