// Compares the engine with Chrome DevTools' own code, node by node and class by class.
//
//   npm install --no-save chrome-devtools-frontend esbuild
//   node compare.mjs <engine binary> <snapshot>…
//
// The engine binary is `cargo build --release --example engine`. Exits with 1 where anything differs.
// DevTools splits plain objects into groups by their property names; that alone is switched off, as the engine shows
// them as one class and tells them apart in suspects.
import { execFileSync } from 'node:child_process';
import { devtools, load } from './devtools.mjs';

function compare(snapshot, ours) {
  const differences = [];
  if (snapshot.totalSize !== ours.total) differences.push(['total', snapshot.totalSize, ours.total]);
  const node = snapshot.createNode(0);
  ours.nodes.forEach(([id, retained, shallow], index) => {
    node.nodeIndex = index * snapshot.nodeFieldCount;
    if (node.id() !== id || node.retainedSize() !== retained || node.selfSize() !== shallow) {
      differences.push(['node', node.id(), [node.retainedSize(), retained], [node.selfSize(), shallow]]);
    }
  });
  const rows = new Map();
  for (const [key, row] of Object.entries(snapshot.aggregatesWithFilter({}))) {
    const place = key.startsWith(',') ? '' : key.split(',').slice(0, 3).join(',');
    rows.set(`${place}|${row.name}`, [row.count, row.self, row.maxRet]);
  }
  for (const [name, place, ...sums] of ours.rows) {
    const key = `${place ? place.join(',') : ''}|${name}`;
    if (String(rows.get(key)) !== String(sums)) differences.push(['class', key, rows.get(key), sums]);
    rows.delete(key);
  }
  for (const [key, sums] of rows) differences.push(['class', key, sums, undefined]);
  return differences;
}

const [engine, ...files] = process.argv.slice(2);
const code = await devtools();
code.HeapSnapshot.JSHeapSnapshot.prototype.applyInterfaceDefinitions = () => {};
let failed = false;
for (const file of files) {
  const ours = JSON.parse(execFileSync(engine, ['dump', file], { maxBuffer: 2 ** 30 }));
  const differences = compare(await load(code, file), ours);
  console.log(`${file}: ${ours.nodes.length} nodes, ${ours.rows.length} classes, ${differences.length} differences`);
  for (const difference of differences.slice(0, 10)) console.log('  ', JSON.stringify(difference));
  failed ||= differences.length > 0;
}
process.exitCode = failed ? 1 : 0;
