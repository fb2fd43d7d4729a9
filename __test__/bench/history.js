'use strict';
// What writing a history costs a watched process: bytes a second and CPU, in pairs with a process that is only watched.

const fs = require('fs');
const path = require('path');
const { run, withFolder } = require('./support/child');
const { differences, interval, median } = require('./support/statistics');
const { number, range } = require('./support/table');

const PAIRS = Number(process.env.LEAKWATCH_BENCH_PAIRS) || 6;
const SECONDS = 30;

async function bench({ log }) {
  const cpu = { true: [], false: [] };
  const written = [];
  let collections;
  for (let pair = 0; pair < PAIRS; pair++) {
    log(`pair ${pair + 1} of ${PAIRS}`);
    await withFolder(async (folder) => {
      const one = (history) => run('history', { seconds: SECONDS }, { flags: ['--max-old-space-size=64', '--require', path.join(__dirname, '..', '..', 'register.js')], env: history ? { LEAKWATCH_HISTORY: `${folder}/` } : {} });
      // Side by side, so that what else the machine does falls on both.
      const [plain, recorded] = await Promise.all([one(false), one(true)]);
      cpu.false.push(plain.cpuMs);
      cpu.true.push(recorded.cpuMs);
      ({ collections } = recorded);
      const bytes = fs.readdirSync(folder).reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0);
      written.push(bytes / recorded.seconds);
    });
  }
  const more = differences(cpu.true, cpu.false).map((ms) => ms / SECONDS);
  return {
    tables: [
      {
        head: ['', 'median', '95 %'],
        rows: [
          ['bytes a second', number(median(written), 0), range(interval(written), 0)],
          ['CPU of the process, ms a second', number(median(cpu.false) / SECONDS, 1), range(interval(cpu.false.map((ms) => ms / SECONDS)), 1)],
          ['more CPU with a history, ms a second', number(median(more), 2), range(interval(more), 2)],
        ],
      },
    ],
    notes: [`${PAIRS} pairs of ${SECONDS} s; ${collections.minor} minor and ${collections.full} full GCs each in the last one. In its first ten minutes a history has a line of GCs for each second; later it has fewer.`],
  };
}

module.exports = { title: 'A history of a watched process', bench };
