// Compares the engine with Chrome DevTools' own code, node by node and class by class.
//
//   npm install --no-save chrome-devtools-frontend esbuild
//   node compare.mjs <engine binary> <snapshot>…
//
// The engine binary is `cargo build --release --example engine`. Exits with 1 where anything differs.
// DevTools splits plain objects into groups by their property names; that alone is switched off, as the engine shows
// them as one class and tells them apart in suspects.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';

const worker = 'chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker/heap_snapshot_worker.ts';

async function devtools() {
  const require = createRequire(path.join(process.cwd(), 'x.js'));
  const esbuild = require('esbuild');
  const outfile = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'devtools-')), 'devtools.mjs');
  const locales = ['LOCALES', 'BUNDLED_LOCALES'].map((name) => `export const ${name} = ['en-US'];`).join('') +
    'export const DEFAULT_LOCALE = "en-US", REMOTE_FETCH_PATTERN = "", LOCAL_FETCH_PATTERN = "";';
  await esbuild.build({
    stdin: { contents: `export * from ${JSON.stringify('./node_modules/' + worker)}`, resolveDir: process.cwd() },
    bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'error',
    tsconfigRaw: '{"compilerOptions":{"experimentalDecorators":true,"useDefineForClassFields":false}}',
    plugins: [{
      name: 'locales', // generated in a full checkout, absent from the package
      setup(build) {
        build.onResolve({ filter: /locales\.js$/ }, () => ({ path: 'locales', namespace: 'stub' }));
        build.onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: locales }));
      },
    }],
  });
  return import(pathToFileURL(outfile));
}

async function load({ HeapSnapshot: { JSHeapSnapshot, SecondaryInitManager }, HeapSnapshotLoader: { HeapSnapshotLoader } }, file) {
  JSHeapSnapshot.prototype.applyInterfaceDefinitions = () => {};
  const loader = new HeapSnapshotLoader({ sendEvent() {} });
  const descriptor = fs.openSync(file);
  const buffer = Buffer.alloc(1 << 24);
  for (let count; (count = fs.readSync(descriptor, buffer)) > 0;) {
    loader.write(buffer.latin1Slice(0, count));
    await new Promise(setImmediate);
  }
  fs.closeSync(descriptor);
  loader.close();
  await loader.parsingComplete;
  const { port1, port2 } = new MessageChannel();
  new SecondaryInitManager(port2);
  const snapshot = await loader.buildSnapshot(port1);
  port1.close();
  port2.close();
  return snapshot;
}

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
let failed = false;
for (const file of files) {
  const ours = JSON.parse(execFileSync(engine, ['dump', file], { maxBuffer: 2 ** 30 }));
  const differences = compare(await load(code, file), ours);
  console.log(`${file}: ${ours.nodes.length} nodes, ${ours.rows.length} classes, ${differences.length} differences`);
  for (const difference of differences.slice(0, 10)) console.log('  ', JSON.stringify(difference));
  failed ||= differences.length > 0;
}
process.exitCode = failed ? 1 : 0;
