'use strict';
// How much memory the watcher's own state takes: rings, series and JavaScript, once all of them are full.

const { run } = require('./support/child');
const { differences, interval, median } = require('./support/statistics');
const { number, range } = require('./support/table');

const PAIRS = 8;

async function bench({ log }) {
  const found = { true: [], false: [] };
  for (let pair = 0; pair < PAIRS; pair++) {
    log(`pair ${pair + 1} of ${PAIRS}`);
    for (const watched of pair % 2 ? [true, false] : [false, true]) {
      found[watched].push(await run('own-state', { watched }, { flags: ['--expose-gc'] }));
    }
  }
  const of = (watched, what) => found[watched].map((one) => one[what] / 1e6);
  const row = (name, what) => {
    const more = differences(of(true, what), of(false, what));
    return [name, number(median(of(false, what)), 2), number(median(of(true, what)), 2), number(median(more), 2), range(interval(more), 2)];
  };
  const total = (watched) => found[watched].map(({ outside, heap }) => (outside + heap) / 1e6);
  const more = differences(total(true), total(false));
  return {
    tables: [
      {
        head: ['MB', 'without', 'with', 'difference', '95 %'],
        rows: [row("anonymous memory outside V8's heap", 'outside'), row("in use in V8's heap", 'heap')],
      },
    ],
    targets: [{ what: 'the two together, with less without', value: median(more), spread: interval(more), unit: 'MB', digits: 2, most: 2 }],
    notes: [`After 6,000 minor and 400 full GCs, ${PAIRS} pairs of processes, exporter for prom-client included.`],
  };
}

module.exports = { title: "Memory of the watcher's own state", bench };
