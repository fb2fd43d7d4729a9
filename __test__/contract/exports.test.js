'use strict';
// What is exported is what index.d.ts promises, by require and by import.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { test } = require('node:test');
const { ROOT, leakwatch, passes } = require('./helper');

const types = fs.readFileSync(path.join(ROOT, 'index.d.ts'), 'utf8');

/** Values declared directly in the namespace. */
function declared() {
  const names = new Set();
  for (const [, name] of types.matchAll(/^ {2}(?:function|const|class) (\w+)/gm)) names.add(name);
  return [...names].sort();
}

test('index.d.ts and the module name the same things', () => {
  // A call that is typed but missing fails at run time; one that is not typed is a secret.
  assert.deepStrictEqual(Object.keys(leakwatch).sort(), declared());
});

test('promises has what index.d.ts promises', () => {
  assert.deepStrictEqual(Object.keys(leakwatch.promises).sort(), ['capture', 'tick', 'writeSnapshot']);
});

test('import gives the same module, whole and by name', async () => {
  const esm = await import(pathToFileURL(path.join(ROOT, 'index.mjs')).href);
  assert.strictEqual(esm.default, leakwatch);
  const named = Object.keys(esm).filter((name) => name !== 'default' && name !== 'module.exports');
  assert.deepStrictEqual(named.sort(), Object.keys(leakwatch).sort());
  for (const name of named) assert.strictEqual(esm[name], leakwatch[name], name);
});

test('every file the manifest points to is there', () => {
  const manifest = require(path.join(ROOT, 'package.json'));
  const targets = [manifest.main, manifest.types];
  for (const target of Object.values(manifest.exports)) {
    targets.push(...(typeof target === 'string' ? [target] : Object.values(target)));
  }
  for (const target of targets) assert.ok(fs.existsSync(path.join(ROOT, target)), target);
});

test('the package resolves its own subpaths as a dependant would', async () => {
  await passes(`
    const { createRequire } = require('module');
    const own = createRequire(path.join(ROOT, 'package.json'));
    assert.strictEqual(own('leakwatch'), leakwatch);
    assert.strictEqual(own('leakwatch/package.json').name, 'leakwatch');
    assert.ok(own.resolve('leakwatch/register').endsWith('register.js'));
    assert.throws(() => own.resolve('leakwatch/lib/watch'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
  `);
});

test('loading installs nothing', async () => {
  // A library that listens, hooks or forces at load is one that cannot be tried in production.
  await passes(`
    const counts = process.eventNames().filter((name) => /^SIG|^exit$|^beforeExit$|^uncaught|^unhandled/.test(name));
    assert.deepStrictEqual(counts, []);
    assert.deepStrictEqual(leakwatch.history(), { baselines: [], gcs: [] });
    for (let i = 0; i < 200; i++) Buffer.from('x'.repeat(10000)).toString().split('');
    assert.deepStrictEqual(leakwatch.history(), { baselines: [], gcs: [] });
    assert.strictEqual(Object.values(leakwatch.stats().gc).reduce((sum, { count }) => sum + count, 0), 0);
  `);
});

test('LeakwatchError can be caught by class', () => {
  const error = new leakwatch.LeakwatchError('ERR_LEAKWATCH_IO', 'text', { path: '/x' });
  assert.ok(error instanceof Error);
  assert.deepStrictEqual(
    { name: error.name, code: error.code, message: error.message, path: error.path },
    { name: 'LeakwatchError', code: 'ERR_LEAKWATCH_IO', message: 'text', path: '/x' }
  );
});

test('capabilities say for each whether, what else and why not', () => {
  const found = leakwatch.capabilities();
  const body = types.slice(types.indexOf('interface Capabilities {'));
  const typed = [...body.slice(0, body.indexOf('}')).matchAll(/(\w+): Capability;/g)].map((m) => m[1]);
  assert.deepStrictEqual(Object.keys(found).sort(), typed.sort());
  for (const [name, row] of Object.entries(found)) {
    assert.deepStrictEqual(Object.keys(row).sort(), ['fallback', 'native', 'why'], name);
    assert.strictEqual(typeof row.native, 'boolean', name);
    if (row.native) assert.deepStrictEqual([row.fallback, row.why], [null, null], name);
    else assert.ok(row.why && row.why.length > 5, `${name} says no reason`);
  }
  found.snapshot.native = 'changed';
  assert.notStrictEqual(leakwatch.capabilities().snapshot.native, 'changed', 'a copy is handed out');
});

test('LEAKWATCH_NATIVE_V8=off denies everything native and says so', async () => {
  await passes(
    `for (const [name, row] of Object.entries(leakwatch.capabilities())) {
      // Redaction asks nothing of V8.
      assert.strictEqual(row.native, name === 'redact', name);
      if (!['fork', 'redact'].includes(name)) assert.match(row.why, /LEAKWATCH_NATIVE_V8/);
    }`,
    { env: { LEAKWATCH_NATIVE_V8: 'off' } }
  );
});
