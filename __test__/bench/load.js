'use strict';
// How long `require('leakwatch')` takes in a fresh process, and the addon's size.

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { run, withFolder } = require('./support/child');
const { interval, median, quantile } = require('./support/statistics');
const { number, range } = require('./support/table');
const { platformName } = require('../../lib/native');

const ROUNDS = 40;
const VARIANTS = {
  'an empty module': { nothing: true },
  'leakwatch, cold': {},
  "leakwatch, Node's own modules loaded": { warm: true },
  // Whatever is put off until the first call is paid there.
  'leakwatch and start()': { start: true },
};

/** Bytes without symbols: as it is if they are gone, or nobody here can tell. */
function strippedSize(file) {
  return withFolder((folder) => {
    const copy = path.join(folder, 'stripped.node');
    const strip = spawnSync('strip', ['-o', copy, file]);
    return fs.statSync(strip.status === 0 ? copy : file).size;
  });
}

async function bench({ log }) {
  const times = {};
  for (const name of Object.keys(VARIANTS)) times[name] = [];
  for (let round = 0; round < ROUNDS; round++) {
    log(`round ${round + 1} of ${ROUNDS}`);
    for (const [name, args] of Object.entries(VARIANTS)) times[name].push(await run('load', args));
  }
  const file = path.join(__dirname, '..', '..', `leakwatch.${platformName()}.node`);
  const cold = times['leakwatch, cold'];
  return {
    tables: [
      {
        head: ['require() of', 'median: ms', '95 %', 'fastest', 'slowest tenth'],
        rows: Object.entries(times).map(([name, of]) => [
          name,
          number(median(of)),
          range(interval(of)),
          number(Math.min(...of)),
          number(quantile(of, 0.9)),
        ]),
      },
    ],
    targets: [
      { what: "require('leakwatch'), cold", value: median(cold), spread: interval(cold), unit: 'ms', most: 5 },
      { what: '.node file, stripped', value: (await strippedSize(file)) / (1 << 20), unit: 'MiB', most: 2 },
    ],
  };
}

module.exports = { title: 'Loading', bench };
