'use strict';

// Places in the files people wrote: what the TypeScript compiler makes of a program, with its map beside the script and in it,
// and without one. And a suppress file from the writing to the day after it expired.

const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const assert = require('node:assert');
const { execFileSync, spawnSync } = require('child_process');

const { ROOT, failsWith, folder, leakwatch } = require('./helper');

const CLI = path.join(ROOT, 'lib', 'cli.js');
const TSC = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

// Lines of types alone, so that no line stands where it stood.
const SOURCE = `interface Order {
  id: number;
  lines: string[];
}

export class OrderBook {
  private readonly orders: Map<number, StoredOrder> = new Map();

  add(id: number): void {
    this.orders.set(id, new StoredOrder({ id, lines: ['a', String(id)] }));
  }
}

class StoredOrder {
  constructor(readonly order: Order) {}
}
`;
const CLASS = 1 + SOURCE.split('\n').indexOf('  constructor(readonly order: Order) {}');

const PROGRAM = `
  const leakwatch = require(process.argv[1]);
  const { OrderBook } = require(process.argv[2]);
  const book = new OrderBook();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 500; i++) book.add(round * 500 + i);
    leakwatch.writeSnapshot(process.argv[3] + '/' + round + '.heapsnapshot', { force: true });
  }
  globalThis.book = book;
`;

/** Three snapshots of the program, compiled with these options. */
function compiled(t, ...options) {
  const directory = folder(t);
  fs.mkdirSync(path.join(directory, 'src'));
  fs.writeFileSync(path.join(directory, 'src', 'orders.ts'), SOURCE);
  const out = path.join(directory, 'dist');
  const args = ['--target', 'es2019', '--module', 'commonjs', '--ignoreConfig', '--types', '', '--outDir', out, ...options];
  const tsc = spawnSync(process.execPath, [TSC, ...args, path.join(directory, 'src', 'orders.ts')], { encoding: 'utf8' });
  const script = path.join(out, 'orders.js');
  assert.ok(fs.existsSync(script), tsc.stdout + tsc.stderr);
  execFileSync(process.execPath, ['-e', PROGRAM, ROOT, script, directory]);
  return { directory, script, files: [0, 1, 2].map((round) => path.join(directory, `${round}.heapsnapshot`)) };
}

for (const [what, ...options] of [
  ['beside the script', '--sourceMap'],
  ['in the script', '--inlineSourceMap'],
]) {
  test(`a source map ${what} leads to the TypeScript`, async (t) => {
    const { directory, files } = compiled(t, ...options);
    const [first] = (await leakwatch.diff(files)).suspects;
    assert.strictEqual(first.name, 'StoredOrder', first.sentence);
    assert.strictEqual(fs.realpathSync(first.location.url), fs.realpathSync(path.join(directory, 'src', 'orders.ts')));
    assert.strictEqual(first.location.line, CLASS, first.sentence);
    assert.ok(first.sentence.includes(`orders.ts:${CLASS}:${first.location.column}`), first.sentence);
    const [plain] = (await leakwatch.diff(files, { sourceMaps: false })).suspects;
    assert.match(plain.location.url, /dist.orders\.js$/);
    assert.strictEqual(plain.fingerprint, first.fingerprint, 'places are no part of it');
  });
}

test('without a map the script is named, and a suppressed leak comes back after its day', async (t) => {
  const { directory, script, files } = compiled(t);
  const [first] = (await leakwatch.diff(files)).suspects;
  assert.strictEqual(fs.realpathSync(first.location.url), fs.realpathSync(script));
  const suppress = path.join(directory, 'suppress.json');
  const write = (expires) =>
    fs.writeFileSync(suppress, JSON.stringify({ suppress: [{ fingerprint: first.fingerprint, reason: 'by design', expires }] }));
  write('9999-12-31');
  const during = await leakwatch.diff(files, { suppress });
  assert.deepStrictEqual(during.suppressed.map((each) => each.suspect.fingerprint), [first.fingerprint]);
  assert.strictEqual(spawnSync(process.execPath, [CLI, 'diff', '--suppress', suppress, ...files]).status, during.suspects.length > 0 ? 1 : 0);
  write('2000-01-01');
  const after = await leakwatch.diff(files, { suppress });
  assert.strictEqual(after.suspects[0].fingerprint, first.fingerprint);
  assert.deepStrictEqual(after.expiredSuppressions.map((each) => each.expires), ['2000-01-01']);
  const told = spawnSync(process.execPath, [CLI, 'diff', '--suppress', suppress, ...files], { encoding: 'utf8' });
  assert.strictEqual(told.status, 1);
  assert.match(told.stdout.replace(/\s+/g, ' '), /expired on 2000-01-01 \(by design\)/);
  fs.writeFileSync(suppress, '{\n  "suppress": [\n    { "fingerprint": "0123456789abcdef" }\n  ]\n}');
  await assert.rejects(leakwatch.diff(files, { suppress }), failsWith('ERR_LEAKWATCH_USAGE', (error) => assert.match(error.message, /line 3, entry 1/)));
});
