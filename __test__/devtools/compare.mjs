// Compares the engine with Chrome DevTools' own code: node by node, class by class, and what changed between two files.
//
//   node compare.mjs <engine binary> <snapshot>…
//
// Files that follow one another are also compared as one process's. The engine binary is that of `cargo build --example engine`; the
// packages are those of this folder. Prints a line for each comparison and exits with 1 where anything differs.
// DevTools splits plain objects into groups by their property names; that alone is switched off, as the engine shows
// them as one class and tells them apart in suspects.
import { execFileSync } from 'node:child_process';
import { devtools, load } from './devtools.mjs';

const [engine, ...files] = process.argv.slice(2);
const ask = (...args) => JSON.parse(execFileSync(engine, args, { maxBuffer: 2 ** 30 }));

/** What both sides call by the same key: values that differ as `[what, key, theirs, ours]`. */
function differing(what, theirs, ours) {
  const keys = new Set([...theirs.keys(), ...ours.keys()]);
  return [...keys].filter((key) => String(theirs.get(key)) !== String(ours.get(key))).map((key) => [what, key, theirs.get(key), ours.get(key)]);
}

function compareHeaps(snapshot, ours) {
  const differences = snapshot.totalSize === ours.total ? [] : [['total', snapshot.totalSize, ours.total]];
  const node = snapshot.createNode(0);
  const nodes = new Map();
  for (let index = 0; index < snapshot.nodeCount; index++) {
    node.nodeIndex = index * snapshot.nodeFieldCount;
    nodes.set(index, [node.id(), node.retainedSize(), node.selfSize()]);
  }
  differences.push(...differing('node', nodes, new Map(ours.nodes.entries())));
  const rows = new Map();
  for (const [key, row] of Object.entries(snapshot.aggregatesWithFilter({}))) {
    const place = key.startsWith(',') ? '' : key.split(',').slice(0, 3).join(',');
    rows.set(`${place}|${row.name}`, [row.count, row.self, row.maxRet]);
  }
  const named = ours.rows.map(([name, place, ...sums]) => [`${place ? place.join(',') : ''}|${name}`, sums]);
  differences.push(...differing('class', rows, new Map(named)));
  return { differences, told: `${ours.nodes.length} nodes, ${ours.rows.length} classes` };
}

function add(rows, key, [added, removed]) {
  const sums = rows.get(key) ?? [0, 0, 0, 0];
  rows.set(key, [sums[0] + added[0], sums[1] + added[1], sums[2] + removed[0], sums[3] + removed[1]]);
}

function compareDeltas(first, second, ours) {
  const theirs = new Map();
  const deltas = second.calculateSnapshotDiff('first', first.aggregatesForDiff('[]'));
  for (const [key, { name, addedCount, addedSize, removedCount, removedSize }] of Object.entries(deltas)) {
    // Scripts by their numbers there, by their files here: lines and columns, from 0 and from 1.
    const place = key.startsWith(',') ? [] : key.split(',').slice(1, 3).map((number) => Number(number) + 1);
    add(theirs, `${place}|${name}`, [[addedCount, addedSize], [removedCount, removedSize]]);
  }
  const rows = new Map();
  for (const [name, place, added, removed] of ours) {
    if (added[0] > 0 || removed[0] > 0) add(rows, `${place ?? ''}|${name}`, [added, removed]);
  }
  return { differences: differing('change', theirs, rows), told: `${rows.size} classes that changed` };
}

function tell(what, { differences, told }) {
  console.log(`${what}: ${told}, ${differences.length} differences`);
  for (const difference of differences.slice(0, 10)) console.log('  ', JSON.stringify(difference));
  if (differences.length > 0) process.exitCode = 1;
}

// It lists what only weak references reach, by the page.
console.warn = () => {};
const code = await devtools();
code.HeapSnapshot.JSHeapSnapshot.prototype.applyInterfaceDefinitions = () => {};
let before;
for (const file of files) {
  const snapshot = await load(code, file);
  tell(file, compareHeaps(snapshot, ask('dump', file)));
  if (before) tell(`${before.file} to ${file}`, compareDeltas(before.snapshot, snapshot, ask('deltas', before.file, file)));
  before = { file, snapshot };
}
