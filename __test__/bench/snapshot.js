'use strict';
// An inline snapshot beside V8's own work for it: building the graph and
// serialising it to nowhere, in one process, in turns, on the same heap.
// "Undisturbed" leaves out the time in which other programs had the CPU.

const { run, withFolder } = require('./support/child');
const { interval, median, ratios } = require('./support/statistics');
const { number, range } = require('./support/table');
const nativeReference = require('./support/native_reference');

const HEAPS = [
  { megabytes: 50, pairs: 8, inspectors: 3 },
  { megabytes: 300, pairs: 3, inspectors: 1 },
];

function pick(results, what) {
  return results.map((result) => result[what]);
}

function middle(results, what) {
  return results.length > 0 ? median(pick(results, what)) / 1e3 : null;
}

function rows({ megabytes }, found) {
  const { alone, ours, inspector, disk } = found;
  const line = (name, of, own) => [`${megabytes} MB: ${name}`, number(of), number(own)];
  return [
    line('V8 alone: build', middle(alone, 'buildMs'), null),
    line('V8 alone: build and serialise to nowhere', middle(alone, 'ms'), middle(alone, 'ownMs')),
    line('leakwatch: isolate stands still (pauseMs)', middle(ours, 'pauseMs'), middle(ours, 'ownPauseMs')),
    line('leakwatch: whole file on disk (totalMs)', middle(ours, 'ms'), middle(ours, 'ownMs')),
    line('inspector, chunks dropped', middle(inspector, 'ms'), middle(inspector, 'ownMs')),
    line('as many bytes plainly to disk', disk / 1e3, null),
  ];
}

async function bench({ log }) {
  return withFolder(async (folder) => {
    log('building the native reference');
    const reference = nativeReference.build(folder);
    const result = { tables: [{ head: ['heap', 'seconds', 'undisturbed'], rows: [] }], targets: [], notes: [] };
    for (const heap of HEAPS) {
      log(`a heap of ${heap.megabytes} MB`);
      const { megabytes, pairs, inspectors } = heap;
      const args = { bytes: megabytes * 1e6, pairs, inspectors, folder, reference };
      const found = await run('snapshot', args, { flags: ['--max-old-space-size=4096'] });
      result.tables[0].rows.push(...rows(heap, found));
      const { alone, ours } = found;
      for (const [what, name] of [['ownMs', 'total'], ['ownPauseMs', 'pause']]) {
        const of = alone.length > 0 ? ratios(pick(ours, what), pick(alone, 'ownMs')) : [];
        result.targets.push({
          what: `${megabytes} MB: ${name} ÷ V8 alone`,
          value: of.length > 0 ? median(of) : null,
          spread: of.length > 0 ? interval(of) : undefined,
          unit: '×',
          digits: 3,
          most: 1.05,
        });
      }
      if (alone.length > 0) {
        const [{ nodes, bytes }] = alone;
        const [deleting, clearing] = ['deleteMs', 'clearMs'].map((what) => range(interval(pick(alone, what)), 0));
        result.notes.push(
          `${megabytes} MB: ${number(nodes / 1e6)} million nodes, ${number(bytes / 1e6, 0)} MB of file. V8 alone is ` +
            `not charged for deleting its graph (${deleting} ms) and ending the ids (${clearing} ms).`
        );
      }
    }
    if (!reference) result.notes.push('The native reference was not built (it needs cargo).');
    return result;
  });
}

module.exports = { title: "Inline snapshot against V8's own work for it", bench };
