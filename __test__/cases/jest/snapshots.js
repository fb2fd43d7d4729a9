'use strict';

// For Jest's setupFilesAfterEnv: snapshots in the process that runs the tests, when so many test files are done as
// LEAKWATCH_CASE_FILES says.

/* global afterAll */

const fs = require('fs');
const path = require('path');
const leakwatch = require(process.env.LEAKWATCH_MODULE || '../../..');

afterAll(() => {
  // Jest evaluates this anew for each file, and chooses their order: what is counted is on disk.
  const folder = process.env.LEAKWATCH_CASE_RESULT;
  const done = path.join(folder, 'done');
  fs.appendFileSync(done, '.');
  const at = process.env.LEAKWATCH_CASE_FILES.split(',').map(Number).indexOf(fs.statSync(done).size);
  if (at >= 0) leakwatch.writeSnapshot(path.join(folder, `${at}.heapsnapshot`), { force: true });
});
