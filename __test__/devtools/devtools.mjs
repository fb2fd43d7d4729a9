// Chrome DevTools' own heap-snapshot code, from the package chrome-devtools-frontend in the current directory.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';

const worker = 'chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker/heap_snapshot_worker.ts';

/** Its modules, bundled for Node. */
export async function devtools() {
  const require = createRequire(path.join(process.cwd(), 'x.js'));
  const esbuild = require('esbuild');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'devtools-'));
  const outfile = path.join(folder, 'devtools.mjs');
  const locales = ['LOCALES', 'BUNDLED_LOCALES'].map((name) => `export const ${name} = ['en-US'];`).join('') +
    'export const DEFAULT_LOCALE = "en-US", REMOTE_FETCH_PATTERN = "", LOCAL_FETCH_PATTERN = "";';
  try {
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
    return await import(pathToFileURL(outfile));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** A snapshot, loaded as DevTools loads it. */
export async function load({ HeapSnapshot: { SecondaryInitManager }, HeapSnapshotLoader: { HeapSnapshotLoader } }, file) {
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
