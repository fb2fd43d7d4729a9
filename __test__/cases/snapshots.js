'use strict';

// Three snapshots of one leaking case, taken by leakwatch itself as a user would take them:
//
//   node __test__/cases/snapshots.js <case> <directory> <rounds between two snapshots>

const path = require('path');

const leakwatch = require(process.env.LEAKWATCH_MODULE || '../..');

async function take(name, directory, rounds) {
  const test = require(`./leaks/${name}`);
  if (test.setup) await test.setup(4 * rounds);
  let round = 0;
  for (let index = 0; index < 4; index++) {
    for (let i = 0; i < rounds; i++) await test.round(round++, 4 * rounds);
    // The first rounds warm up.
    if (index > 0) leakwatch.writeSnapshot(path.join(directory, `${index}.heapsnapshot`), { force: true });
  }
  process.exit(0);
}

take(process.argv[2], process.argv[3], Number(process.argv[4])).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
