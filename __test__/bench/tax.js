'use strict';
// The snapshot tax: how much slower an allocation loop is after a snapshot. V8
// goes on following every object it gave an id, unless the ids are ended.

const { run, withFolder } = require('./support/child');
const { median } = require('./support/statistics');
const { number, range } = require('./support/table');

const VARIANTS = {
  none: 'no snapshot, a full GC instead',
  leakwatch: 'leakwatch.writeSnapshot',
  keepIds: 'leakwatch, keepIds: true',
  v8: 'v8.writeHeapSnapshot',
};
const ROUNDS = 3;
const LOOPS = 4;
const BYTES = 150e6;

async function bench({ log }) {
  const found = {};
  for (const by of Object.keys(VARIANTS)) found[by] = [];
  await withFolder(async (folder) => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const by of Object.keys(VARIANTS)) {
        log(`round ${round + 1} of ${ROUNDS}: ${VARIANTS[by]}`);
        const { before, after } = await run('tax', { by, bytes: BYTES, loops: LOOPS, folder });
        found[by].push({ before: median(before), after: median(after), ratio: median(after) / median(before) });
      }
    }
  });
  const of = (by, what) => found[by].map((one) => one[what]);
  const spread = (by) => [Math.min(...of(by, 'ratio')), Math.max(...of(by, 'ratio'))];
  return {
    tables: [
      {
        head: ['allocation loop, CPU ms', 'before', 'after', 'ratio', 'from … to'],
        rows: Object.keys(VARIANTS).map((by) => [
          VARIANTS[by],
          number(median(of(by, 'before')), 0),
          number(median(of(by, 'after')), 0),
          number(median(of(by, 'ratio'))),
          range(spread(by)),
        ]),
      },
    ],
    targets: [
      {
        what: 'loop after leakwatch.writeSnapshot ÷ before',
        value: median(of('leakwatch', 'ratio')),
        spread: spread('leakwatch'),
        unit: '×',
        most: 1.1,
      },
    ],
    notes: [`Live heap of ${number(BYTES / 1e6, 0)} MB, a fresh process each, the variants in turns.`],
  };
}

module.exports = { title: 'Snapshot tax', bench };
