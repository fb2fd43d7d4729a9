'use strict';
// What one scrape costs the process that is scraped.

const { run } = require('./support/child');
const { median } = require('./support/statistics');
const { number } = require('./support/table');

const VARIANTS = ['leakwatch', 'prom-client', 'leakwatch-otel', 'runtime-node'];
const PROCESSES = 3;

async function bench({ log }) {
  const rows = [];
  for (const variant of VARIANTS) {
    const found = [];
    for (let at = 0; at < PROCESSES; at++) {
      log(`${variant}, ${at + 1} of ${PROCESSES}`);
      found.push(await run('scrape', { variant }, { flags: ['--expose-gc'] }));
    }
    const of = (what) => median(found.map((one) => one[what]));
    rows.push([variant, number(of('series'), 0), number(of('bytes'), 0), number(of('gzip'), 0), number(of('cold'), 0), number(of('warm'), 0), variant.startsWith('leakwatch') ? number(of('sample'), 0) : null]);
  }
  return {
    tables: [{ head: ['', 'series', 'bytes', 'gzipped', 'CPU µs, first', 'CPU µs, later', 'of it ours'], rows }],
    notes: ['Text made of 240 baselines and some thousand GCs; the first scrape after a baseline judges the trend as well.'],
  };
}

module.exports = { title: 'One scrape', bench };
