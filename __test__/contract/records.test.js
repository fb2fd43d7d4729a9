'use strict';
// The records behind a verdict: GCs, baselines, figures of the moment.

const assert = require('assert');
const v8 = require('v8');
const { test, beforeEach, afterEach } = require('node:test');
const { capabilities, leakwatch, until } = require('./helper');

const TYPES = ['minor', 'major', 'incremental', 'weakcb', 'other'];
const nativeGcs = capabilities.gcEvents.native;

beforeEach(() => leakwatch.reset());
afterEach(() => leakwatch.stop());

function churn() {
  let kept;
  for (let i = 0; i < 3e5; i++) kept = { i, kept: i % 100 ? null : [i] };
  return kept;
}

/** GCs that were recorded; Node's observer tells of them only later. */
function recorded(filter) {
  return until(() => {
    const found = leakwatch.history().gcs.filter(filter);
    return found.length > 0 && found;
  });
}

test('a GC has the shape and the units of the contract', async () => {
  leakwatch.start();
  churn();
  leakwatch.gc();
  await recorded((gc) => gc.type === 'minor');
  await recorded((gc) => gc.type === 'major');
  const { gcs } = leakwatch.history();
  let last = null;
  for (const gc of gcs) {
    const { spaces, ...rest } = gc;
    assert.deepStrictEqual(
      Object.keys(rest).sort(),
      ['duration', 'forced', 'seq', 'start', 'type', 'usedAfter', 'usedBefore']
    );
    assert.ok(TYPES.includes(gc.type), gc.type);
    assert.ok(Math.abs(gc.start - Date.now()) < 60000, 'epoch milliseconds');
    assert.ok(gc.duration >= 0 && gc.duration < 60000, 'milliseconds');
    assert.strictEqual(typeof gc.forced, 'boolean');
    if (last) assert.strictEqual(gc.seq, last.seq + 1, 'no number is left out');
    for (const used of [gc.usedBefore, gc.usedAfter]) {
      assert.ok(used === null || (Number.isSafeInteger(used) && used > 0), String(used));
    }
    assert.strictEqual(spaces !== undefined, nativeGcs && gc.type === 'major', 'spaces are for full GCs');
    if (spaces) {
      const sum = Object.values(spaces).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - gc.usedAfter) < gc.usedAfter * 0.2, `spaces make up the heap: ${sum}, ${gc.usedAfter}`);
    }
    last = gc;
  }
});

test('a forced GC is said to be forced, a minor one of V8’s own is not', async () => {
  leakwatch.start();
  churn();
  const minor = await recorded((gc) => gc.type === 'minor');
  leakwatch.gc();
  const major = await recorded((gc) => gc.type === 'major');
  assert.ok(minor.some((gc) => !gc.forced), 'minor');
  assert.ok(major.some((gc) => gc.forced), 'major');
});

test('numbers agree: every GC of history is counted in stats', async () => {
  const before = leakwatch.stats().gc;
  leakwatch.start();
  for (let i = 0; i < 5; i++) leakwatch.gc();
  await recorded((gc) => gc.type === 'major');
  await until(() => leakwatch.history().gcs.filter((gc) => gc.type === 'major').length >= 5);
  leakwatch.stop();
  const { gcs } = leakwatch.history();
  const after = leakwatch.stats();
  assert.deepStrictEqual(Object.keys(after.gc), TYPES);
  for (const type of TYPES) {
    const own = gcs.filter((gc) => gc.type === type);
    assert.strictEqual(after.gc[type].count - before[type].count, own.length, type);
    const sum = own.reduce((total, gc) => total + gc.duration, 0);
    assert.ok(Math.abs(after.gc[type].duration - before[type].duration - sum) < 0.001, type);
  }
  assert.strictEqual(after.gcMissed, 0);
});

test('stats agree with v8 and process', () => {
  const stats = leakwatch.stats();
  const heap = v8.getHeapStatistics();
  const memory = process.memoryUsage();
  assert.strictEqual(stats.heap.heapSizeLimit, heap.heap_size_limit);
  // The fallback needs a context of its own to collect, and leaves it out.
  const own = capabilities.forcedGc.native ? [0] : [0, 1];
  assert.ok(own.includes(heap.number_of_native_contexts - stats.heap.nativeContexts), String(stats.heap.nativeContexts));
  assert.strictEqual(stats.heap.detachedContexts, heap.number_of_detached_contexts);
  const close = (a, b, name) => assert.ok(Math.abs(a - b) <= Math.max(a, b) * 0.2, `${name}: ${a}, ${b}`);
  close(stats.heap.totalHeapSize, heap.total_heap_size, 'totalHeapSize');
  close(stats.heap.totalHeapSizeExecutable, heap.total_heap_size_executable, 'executable');
  close(stats.heap.totalPhysicalSize, heap.total_physical_size, 'physical');
  close(stats.heap.totalAvailableSize, heap.total_available_size, 'available');
  close(stats.heap.usedHeapSize, heap.used_heap_size, 'used');
  close(stats.heap.mallocedMemory, heap.malloced_memory, 'malloced');
  close(stats.heap.peakMallocedMemory, heap.peak_malloced_memory, 'peak');
  close(stats.heap.externalMemory, heap.external_memory, 'external');
  close(stats.heap.totalGlobalHandlesSize, heap.total_global_handles_size, 'handles');
  close(stats.heap.usedGlobalHandlesSize, heap.used_global_handles_size, 'used handles');
  const spaces = v8.getHeapSpaceStatistics();
  assert.deepStrictEqual(Object.keys(stats.spaces), spaces.map((space) => space.space_name));
  for (const space of spaces) {
    const own = stats.spaces[space.space_name];
    assert.deepStrictEqual(Object.keys(own).sort(), ['available', 'physical', 'size', 'used']);
    close(own.size, space.space_size, `${space.space_name} size`);
  }
  for (const name of ['rss', 'external', 'arrayBuffers']) close(stats.memory[name], memory[name], name);
  assert.strictEqual(Object.keys(stats.memory).length, 3);
});

test('reset forgets records and nothing else', async () => {
  const watch = leakwatch.start();
  const first = leakwatch.tick('before');
  await recorded((gc) => gc.type === 'major');
  leakwatch.reset();
  assert.deepStrictEqual(leakwatch.history().baselines, []);
  assert.strictEqual(leakwatch.trend().ticks, 0);
  assert.strictEqual(leakwatch.start(), watch, 'watching goes on');
  const next = leakwatch.tick('after');
  assert.ok(next.index > first.index, 'numbers go on counting');
  assert.deepStrictEqual(leakwatch.history().baselines, [next]);
});

test('window bounds the baselines, and the latest are kept', () => {
  leakwatch.start({ window: 8 });
  const all = [];
  for (let i = 0; i < 20; i++) all.push(leakwatch.tick(String(i)));
  assert.deepStrictEqual(leakwatch.history().baselines, all.slice(-8));
  leakwatch.start({ window: 12 });
  assert.deepStrictEqual(leakwatch.history().baselines, all.slice(-8), 'a wider one keeps what there is');
  for (let i = 0; i < 6; i++) all.push(leakwatch.tick(String(i)));
  assert.deepStrictEqual(leakwatch.history().baselines, all.slice(-12));
  leakwatch.start({ window: 9 });
  assert.deepStrictEqual(leakwatch.history().baselines, all.slice(-9), 'a narrower one keeps the latest');
});

test('without a window the default of 240 holds again', () => {
  leakwatch.start({ window: 8 });
  leakwatch.start({});
  for (let i = 0; i < 12; i++) leakwatch.tick();
  assert.strictEqual(leakwatch.history().baselines.length, 12);
});

test('history is a copy', () => {
  leakwatch.tick('mine');
  const copy = leakwatch.history();
  copy.baselines[0].label = 'changed';
  copy.baselines.push({});
  assert.deepStrictEqual(leakwatch.history().baselines.map((b) => b.label), ['mine']);
});

test('records stay after stop', async () => {
  leakwatch.start();
  leakwatch.tick('kept');
  await recorded((gc) => gc.type === 'major');
  leakwatch.stop();
  const { baselines, gcs } = leakwatch.history();
  assert.ok(baselines.some((b) => b.label === 'kept'));
  leakwatch.gc();
  churn();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepStrictEqual(leakwatch.history().gcs, gcs, 'nothing is recorded any more');
});

test('garbage made by asking does not feed on itself', () => {
  // history() in a loop allocates, which collects, which records: it must end.
  leakwatch.start();
  let rows = 0;
  for (let i = 0; i < 300; i++) rows += leakwatch.history().gcs.length;
  assert.ok(rows >= 0 && leakwatch.history().gcs.length <= 4096);
  assert.strictEqual(leakwatch.stats().gcMissed, 0);
});
