'use strict';
// histogram(): live objects by constructor, without a snapshot.

const assert = require('assert');
const vm = require('vm');
const { test } = require('node:test');
const { capabilities, failsWith, leakwatch, needs, passes } = require('./helper');

const countOf = (name) => {
  const row = leakwatch.histogram().find((one) => one.name === name);
  return row ? row.count : 0;
};

test('denied where capabilities() denies it', () => {
  const { native, why } = capabilities.histogram;
  if (native) return;
  assert.throws(() => leakwatch.histogram(), failsWith('ERR_LEAKWATCH_UNAVAILABLE', (error) => assert.ok(error.message.includes(why))));
});

test('counts what is alive, exactly, and not what is garbage', needs('histogram'), () => {
  class Subject {}
  const kept = Array.from({ length: 1234 }, () => new Subject());
  for (let i = 0; i < 500; i++) new Subject();
  assert.strictEqual(countOf('Subject'), 1234);
  kept.length = 1000;
  assert.strictEqual(countOf('Subject'), 1000);
  kept.length = 0;
  assert.strictEqual(countOf('Subject'), 0);
});

test('other contexts are counted as well', needs('histogram'), () => {
  const context = vm.createContext({});
  vm.runInContext('class InContext {} list = Array.from({ length: 77 }, () => new InContext())', context);
  assert.strictEqual(countOf('InContext'), 77);
  assert.strictEqual(context.list.length, 77);
});

test('rows have the promised shape, the most numerous first', needs('histogram'), () => {
  const rows = leakwatch.histogram();
  assert.ok(rows.length > 50 && rows.some((row) => row.name === 'Function' && row.count > 1000));
  assert.strictEqual(new Set(rows.map((row) => row.name)).size, rows.length);
  rows.forEach((row, at) => {
    assert.deepStrictEqual(Object.keys(row), ['name', 'count', 'bytes']);
    assert.ok(Number.isSafeInteger(row.count) && row.count > 0);
    assert.strictEqual(row.bytes, null);
    assert.ok(at === 0 || rows[at - 1].count >= row.count);
  });
});

test('names of any kind, and more than are told apart', needs('histogram'), async () => {
  // A child, since the objects of this test are many.
  await passes(`
    const kept = [];
    const named = (name) => kept.push({ [Symbol.toStringTag]: name });
    for (const name of ['', 'naïve ☃ 😀', 'x'.repeat(1000), 'a\\0b']) named(name);
    for (let i = 0; i < 10000; i++) named('Kind number ' + i);
    const rows = leakwatch.histogram();
    assert.ok(rows.length > 8000 && rows.length <= 8193, String(rows.length));
    assert.ok(rows.find((row) => row.name === '(others)').count > 1800);
    for (let i = 0; i < 5; i++) assert.strictEqual(leakwatch.histogram().length, rows.length);
    assert.ok(kept.length > 10000);
  `);
});

test('typed arrays hold what they held', needs('histogram'), () => {
  // V8 moves the content of small ones off its heap for the walk.
  const small = Array.from({ length: 100 }, (_, i) => Uint8Array.of(i, i + 1));
  leakwatch.histogram();
  small.forEach((array, i) => assert.deepStrictEqual([...array], [i, i + 1]));
});

test('history is left alone, ids too', needs('histogram'), () => {
  leakwatch.start();
  const before = leakwatch.history().baselines.length;
  leakwatch.histogram();
  assert.strictEqual(leakwatch.history().baselines.length, before);
  leakwatch.stop();
});

test('in a worker that is terminated meanwhile', needs('histogram'), async () => {
  await passes(`
    const { Worker } = require('worker_threads');
    const code = 'const lw = require(' + JSON.stringify(ROOT) + '); const { parentPort } = require("worker_threads");' +
      'for (;;) parentPort.postMessage(lw.histogram().length);';
    (async () => {
      for (let i = 0; i < 5; i++) {
        const worker = new Worker(code, { eval: true });
        await new Promise((resolve) => worker.once('message', resolve));
        leakwatch.histogram();
        await worker.terminate();
      }
    })();
  `);
});
