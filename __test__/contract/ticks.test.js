'use strict';
// Forced collections and baselines: shapes, units, and that garbage is gone.

const assert = require('assert');
const vm = require('vm');
const { test, beforeEach } = require('node:test');
const { leakwatch, passes } = require('./helper');

beforeEach(() => leakwatch.reset());

const FIELDS = [
  'arrayBuffers', 'code', 'detachedContexts', 'external', 'forced', 'gcMs', 'globalHandles',
  'heapUsed', 'index', 'label', 'nativeContexts', 'rss', 'time',
];

function assertBaseline(baseline, label = null) {
  assert.deepStrictEqual(Object.keys(baseline).sort(), FIELDS);
  assert.strictEqual(baseline.label, label);
  assert.strictEqual(baseline.forced, true);
  for (const name of ['index', 'heapUsed', 'external', 'arrayBuffers', 'rss', 'nativeContexts', 'detachedContexts', 'globalHandles']) {
    assert.ok(Number.isSafeInteger(baseline[name]) && baseline[name] >= 0, `${name}: ${baseline[name]}`);
  }
  assert.ok(baseline.gcMs > 0, 'a GC took some time');
}

test('tick measures in bytes, as Node does', () => {
  const before = Date.now();
  const baseline = leakwatch.tick();
  const after = Date.now();
  assertBaseline(baseline);
  const memory = process.memoryUsage();
  // Generous: the test asks for the unit and the meaning, not for the number.
  const near = (ours, theirs, name) => assert.ok(ours > theirs / 2 && ours < theirs * 2, `${name}: ${ours}, ${theirs}`);
  near(baseline.heapUsed, memory.heapUsed, 'heapUsed');
  near(baseline.external, memory.external, 'external');
  near(baseline.rss, memory.rss, 'rss');
  assert.ok(baseline.nativeContexts >= 1);
  assert.ok(baseline.time > before - 5000 && baseline.time < after + 5000, 'epoch milliseconds');
});

test('ticks count up and keep their labels', () => {
  const first = leakwatch.tick('a');
  const labels = ['a', '', 'ünï→💧', 'x'.repeat(10000), undefined];
  const baselines = [first, ...labels.slice(1).map((label) => leakwatch.tick(label))];
  baselines.forEach((baseline, at) => {
    assertBaseline(baseline, labels[at] === undefined ? null : labels[at]);
    assert.strictEqual(baseline.index, first.index + at);
    if (at > 0) assert.ok(baseline.time > baselines[at - 1].time, 'time goes on');
  });
  assert.deepStrictEqual(leakwatch.history().baselines, baselines);
});

test('tick collects what nobody holds and counts what somebody does', () => {
  const SIZE = 20e6;
  const kept = [];
  const start = leakwatch.tick();
  for (let i = 0; i < 100; i++) kept.push(new Array(SIZE / 8 / 100).fill(i + 0.5));
  const held = leakwatch.tick();
  assert.ok(held.heapUsed - start.heapUsed > SIZE * 0.9, `${held.heapUsed - start.heapUsed} of ${SIZE}`);
  kept.length = 0;
  const freed = leakwatch.tick();
  assert.ok(freed.heapUsed - start.heapUsed < SIZE * 0.1, `${freed.heapUsed - start.heapUsed} left`);
});

test('Buffers show as external and arrayBuffers, not as heap', () => {
  const SIZE = 32 << 20;
  const start = leakwatch.tick();
  const kept = [Buffer.alloc(SIZE)];
  const held = leakwatch.tick();
  assert.ok(held.external - start.external >= SIZE * 0.99, 'external');
  assert.ok(held.arrayBuffers - start.arrayBuffers >= SIZE * 0.99, 'arrayBuffers');
  assert.ok(held.heapUsed - start.heapUsed < SIZE / 10, 'heap');
  kept.length = 0;
  assert.ok(leakwatch.tick().external - start.external < SIZE / 10, 'freed');
});

test('vm contexts are counted while they live', async () => {
  const start = await leakwatch.promises.tick();
  const kept = [];
  for (let i = 0; i < 5; i++) kept.push(vm.createContext({ i }));
  assert.strictEqual((await leakwatch.promises.tick()).nativeContexts - start.nativeContexts, 5);
  kept.length = 0;
  assert.strictEqual((await leakwatch.promises.tick()).nativeContexts, start.nativeContexts);
});

test('a plain program has one native context', async () => {
  // index.d.ts: 1, and one for each vm context. Measuring must not add its own.
  await passes('assert.strictEqual(leakwatch.tick().nativeContexts, 1)');
});

test('gc returns how long it took, and leaves no baseline', () => {
  const weak = new WeakRef({});
  return new Promise((resolve) => setImmediate(resolve)).then(() => {
    const took = leakwatch.gc();
    assert.ok(typeof took === 'number' && took > 0);
    assert.strictEqual(weak.deref(), undefined);
    assert.deepStrictEqual(leakwatch.history().baselines, []);
  });
});

test('promises.tick waits for finalizers and what they let go', async () => {
  // A chain: each finalizer frees the next object. One GC frees the first alone.
  const links = 3;
  let freed = 0;
  const holders = new Map();
  const registry = new FinalizationRegistry((n) => {
    freed += 1;
    holders.delete(n + 1);
  });
  const make = (n) => {
    const object = { n, load: new Array(250000).fill(n + 0.5) };
    registry.register(object, n);
    if (n > 0) holders.set(n, object);
  };
  for (let n = 0; n < links; n++) make(n);
  await new Promise((resolve) => setImmediate(resolve));
  const baseline = await leakwatch.promises.tick('settled');
  assertBaseline(baseline, 'settled');
  assert.strictEqual(freed, links);
  assert.strictEqual(leakwatch.history().baselines.length, 1, 'passes leave one baseline');
});

test('promises.tick lets async_hooks destroys clear', async () => {
  const hooks = require('async_hooks');
  const alive = new Set();
  const hook = hooks.createHook({
    init: (id, type) => type === 'LEAKWATCH' && alive.add(id),
    destroy: (id) => alive.delete(id),
  });
  hook.enable();
  for (let i = 0; i < 50; i++) new hooks.AsyncResource('LEAKWATCH');
  assert.strictEqual(alive.size, 50);
  await leakwatch.promises.tick();
  hook.disable();
  assert.strictEqual(alive.size, 0);
});

test('two promises.tick at once give two baselines in order', async () => {
  const both = await Promise.all([leakwatch.promises.tick('a'), leakwatch.promises.tick('b')]);
  assert.deepStrictEqual(both.map((b) => b.label), ['a', 'b']);
  assert.deepStrictEqual(leakwatch.history().baselines.map((b) => b.label).sort(), ['a', 'b']);
});

test('ticking needs neither flags nor the globals as they were', async () => {
  // Test runners and sandboxes replace timers and globals; --expose-gc may be on or off.
  const script = `
    const had = typeof global.gc;
    for (const name of ['setTimeout', 'setImmediate', 'setInterval', 'clearInterval']) delete global[name];
    leakwatch.promises.tick('ok').then((b) => {
      assert.strictEqual(typeof global.gc, had);
      process.stdout.write(b.label);
    });`;
  for (const args of [[], ['--expose-gc'], ['--disallow-code-generation-from-strings'], ['--frozen-intrinsics', '--no-warnings']]) {
    assert.strictEqual((await passes(script, { args })).stdout, 'ok', args[0]);
  }
});

test("an app's own gc() and flags", async () => {
  // V8 ends the process if a GC is requested while the flag is off, whatever gc() there is.
  const collects = `
    const weak = new WeakRef({});
    setImmediate(() => {
      leakwatch.tick();
      assert.strictEqual(weak.deref(), undefined);
    });`;
  await passes(`global.gc = () => {}; ${collects}`);
  await passes(`require('v8').setFlagsFromString('--no-expose-gc'); ${collects}`, { args: ['--expose-gc'] });
  await passes(`leakwatch.tick(); require('v8').setFlagsFromString('--no-expose-gc'); ${collects}`, { args: ['--expose-gc'] });
});

test('a tick in every place JavaScript runs', async () => {
  // Inside a finalizer, a getter, a sort, a proxy trap, a microtask: a GC is legal in all of them.
  const places = {
    sort: () => [3, 1, 2].sort((a, b) => (leakwatch.tick('sort'), a - b)),
    proxy: () => new Proxy({}, { get: () => leakwatch.tick('proxy') }).x,
    json: () => JSON.stringify({ toJSON: () => leakwatch.tick('json').index }),
    replace: () => 'aaa'.replace(/a/g, () => leakwatch.tick('replace').index),
    microtask: () => Promise.resolve().then(() => leakwatch.tick('microtask')),
  };
  for (const run of Object.values(places)) await run();
  const labels = new Set(leakwatch.history().baselines.map((b) => b.label));
  assert.deepStrictEqual([...labels], Object.keys(places));
});
