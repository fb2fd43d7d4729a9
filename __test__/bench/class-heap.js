'use strict';
// A heap of classes from a large script, where Node 20 and earlier scan the
// source for every object unless the tables of line ends are built first.

const { run, withFolder } = require('./support/child');
const { median, ratios } = require('./support/statistics');
const { number, range } = require('./support/table');
const nodes = require('./support/nodes');

const VERSIONS = ['16.17.0', '18.20.8', '20.20.2', '22.23.0'];
const OBJECTS = 40000;
const SOURCE = 1.3e6;
/** V8's own takes most of a minute where it is at its worst: once will do. */
const ROUNDS = 1;

async function measure(node, folder) {
  const found = { leakwatch: [], v8: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const by of ['leakwatch', 'v8', 'leakwatch']) {
      found[by].push(await run('class-heap', { by, objects: OBJECTS, source: SOURCE, folder }, { node }));
    }
  }
  return found;
}

async function bench({ log }) {
  const rows = [];
  const targets = [];
  await withFolder(async (folder) => {
    for (const version of VERSIONS) {
      log(`Node ${version}`);
      const node = await nodes.find(version);
      if (!node) {
        rows.push([version, 'no binary', null, null]);
        continue;
      }
      const found = await measure(node, folder);
      const theirs = found.v8[0].cpuMs;
      const times = found.leakwatch.map(({ cpuMs }) => cpuMs);
      const faster = ratios(times.map(() => theirs), times);
      const spread = [Math.min(...faster), Math.max(...faster)];
      rows.push([version, number(theirs / 1e3), number(median(times) / 1e3), range(spread, 1)]);
      // Node 22 builds the tables itself: nothing to win there.
      if (Number(version.split('.')[0]) > 20) continue;
      const what = `Node ${version}: times as fast`;
      targets.push({ what, value: median(faster), spread, digits: 1, unit: '×', least: 10 });
    }
  });
  return {
    tables: [{ head: ['Node', 'v8.writeHeapSnapshot: CPU s', 'leakwatch: CPU s', 'times as fast'], rows }],
    targets,
    notes: [
      `${number(OBJECTS, 0)} objects of classes from a script of ${number(SOURCE / 1e6, 1)} MB, a fresh process each.`,
    ],
  };
}

module.exports = { title: 'Snapshot of classes from a large script', bench };
