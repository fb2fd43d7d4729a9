'use strict';
// The core of the contract on one Node, from 12.15 on: plain JavaScript, no test
// runner. Prints `N passed, N failed` and what failed.

const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const vm = require('vm');
const zlib = require('zlib');
const { Worker } = require('worker_threads');

// Nobody is to wait for a copy of the process that gets no turn.
process.env.LEAKWATCH_NICENESS = '0';

const ROOT = path.join(__dirname, '..', '..');
const leakwatch = require(ROOT);
const capabilities = leakwatch.capabilities();
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-matrix-'));
const [major, minor] = process.versions.node.split('.').map(Number);
const tests = [];
const test = (name, run, needed) => tests.push({ name, run, needed });
const wait = (condition) =>
  new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!condition()) return;
      clearInterval(timer);
      resolve();
    }, 10);
  });

function read(file) {
  let bytes = fs.readFileSync(file);
  if (file.endsWith('.gz')) bytes = zlib.gunzipSync(bytes);
  if (file.endsWith('.zst')) bytes = zlib.zstdDecompressSync(bytes);
  const snapshot = JSON.parse(bytes.toString());
  const { meta, node_count: nodes, edge_count: edges } = snapshot.snapshot;
  assert.ok(nodes > 1000);
  assert.strictEqual(snapshot.nodes.length, nodes * meta.node_fields.length);
  assert.strictEqual(snapshot.edges.length, edges * meta.edge_fields.length);
  assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600);
  return snapshot;
}

test('natively where it is not switched off', () => {
  const off = process.env.LEAKWATCH_NATIVE_V8 === 'off';
  for (const name of ['statistics', 'gcEvents', 'forcedGc', 'snapshot', 'signalWhileBusy', 'nearHeapLimit', 'fork', 'histogram']) {
    assert.strictEqual(capabilities[name].native, !off, `${name}: ${capabilities[name].why}`);
  }
});

test('tick', () => {
  const baseline = leakwatch.tick('label');
  const whole = ['index', 'heapUsed', 'external', 'rss'];
  for (const name of whole) assert.ok(Number.isSafeInteger(baseline[name]), `${name}: ${baseline[name]}`);
  assert.strictEqual(baseline.label, 'label');
  assert.strictEqual(baseline.nativeContexts, 1);
  assert.strictEqual(baseline.arrayBuffers === null, major === 12 && minor < 17);
  if (major !== 14) assert.strictEqual(baseline.globalHandles === null, major < 14, String(baseline.globalHandles));
  const { heapUsed, rss } = process.memoryUsage();
  assert.ok(baseline.heapUsed > heapUsed / 2 && baseline.heapUsed < heapUsed * 2);
  assert.ok(baseline.rss > rss / 2 && baseline.rss < rss * 2);
});

test('promises.tick and vm contexts', async () => {
  const before = (await leakwatch.promises.tick()).nativeContexts;
  const kept = [1, 2, 3].map(() => vm.createContext({}));
  assert.strictEqual((await leakwatch.promises.tick()).nativeContexts, before + kept.length);
  kept.length = 0;
  assert.strictEqual((await leakwatch.promises.tick()).nativeContexts, before);
});

test('GC events with sizes', async () => {
  const watch = leakwatch.start({ window: 100 });
  let kept;
  for (let i = 0; i < 1e6; i++) kept = { i };
  assert.ok(kept);
  leakwatch.gc();
  const types = () => new Set(leakwatch.history().gcs.map((gc) => gc.type));
  await wait(() => types().has('minor') && types().has('major'));
  for (const gc of leakwatch.history().gcs) {
    assert.ok(gc.duration >= 0 && Math.abs(gc.start - Date.now()) < 60000);
    if (gc.type === 'major' && capabilities.gcEvents.native) {
      assert.ok(gc.usedAfter > 1e5);
      assert.ok(gc.spaces.old_space > 1e5, JSON.stringify(gc.spaces));
    }
  }
  assert.strictEqual(leakwatch.stats().gcMissed, 0);
  watch.stop();
});

test('stats agree with v8', () => {
  const { heap, spaces } = leakwatch.stats();
  const theirs = require('v8').getHeapStatistics();
  assert.strictEqual(heap.heapSizeLimit, theirs.heap_size_limit);
  assert.ok(Math.abs(heap.usedHeapSize - theirs.used_heap_size) < theirs.used_heap_size / 2);
  assert.ok(Math.abs(heap.mallocedMemory - theirs.malloced_memory) <= theirs.malloced_memory / 2);
  const names = require('v8').getHeapSpaceStatistics().map((space) => space.space_name);
  assert.deepStrictEqual(Object.keys(spaces), names);
});

test('a leak and no leak', () => {
  leakwatch.reset();
  const kept = [];
  for (let i = 0; i < 25; i++) {
    kept.push(new Array(100000).fill(i + 0.5));
    leakwatch.tick();
  }
  const { verdict, channel, bytesPerTick, reason } = leakwatch.trend();
  assert.deepStrictEqual([verdict, channel], ['leaking', 'heap'], reason);
  assert.ok(Math.abs(bytesPerTick - 800000) < 80000, String(bytesPerTick));
  kept.length = 0;
  leakwatch.reset();
  for (let i = 0; i < 25; i++) leakwatch.tick();
  assert.strictEqual(leakwatch.trend().verdict, 'steady', leakwatch.trend().reason);
});

for (const compress of [false, 'gzip', 'zstd']) {
  test(`snapshots, compress: ${compress}`, async () => {
    class MatrixSubject {}
    const subject = new MatrixSubject();
    const file = leakwatch.writeSnapshot(directory, { compress });
    const later = await leakwatch.promises.writeSnapshot(directory, { compress });
    assert.ok(subject && later.pauseMs > 0 && later.bytes === fs.statSync(later.path).size);
    if (compress === 'zstd' && !zlib.zstdDecompressSync) {
      assert.strictEqual(fs.readFileSync(file).readUInt32LE(0), 0xfd2fb528);
      return;
    }
    assert.ok(read(file).strings.includes('MatrixSubject'));
    read(later.path);
  });
}

test('a copy of the process takes the snapshot', async () => {
  class ForkedSubject {}
  const subject = new ForkedSubject();
  const heard = [];
  const listener = () => heard.push('SIGCHLD');
  process.on('SIGCHLD', listener);
  // Two calls of up to eight copies each: one in a hundred copies fails under load.
  const options = { mode: 'fork' };
  const again = () => leakwatch.promises.writeSnapshot(directory, options);
  const { mode, path: file, pauseMs, totalMs } = await again().catch(again);
  process.removeListener('SIGCHLD', listener);
  assert.strictEqual(mode, 'fork');
  assert.ok(subject && pauseMs > 0 && pauseMs <= totalMs);
  assert.ok(read(file).strings.includes('ForkedSubject'));
  assert.deepStrictEqual(heard, []);
}, 'fork');

test('captures without a file', async () => {
  const grow = (count) => require('./leaking').grow(count);
  // A copy where there is one; one in a hundred fails under load.
  const mode = capabilities.fork.native ? 'fork' : 'auto';
  const take = async (since) => {
    const again = () => leakwatch.promises.capture({ mode, since });
    return again().catch(again);
  };
  grow(1000);
  const first = await take([]);
  grow(2000);
  const second = await take([first]);
  assert.strictEqual(second.mode, capabilities.fork.native ? 'fork' : 'inline');
  assert.ok(second.pauseMs > 0 && second.nodes > 1000 && second.data.length < 512 * 1024);
  const row = second.classes.find(({ name }) => name === 'CapturedSubject');
  assert.strictEqual(row.count, 3000);
  const third = await take([]);
  for (const diff of [second.diff, await leakwatch.diff([first, second]), await leakwatch.diff([first, third])]) {
    const delta = diff.classes.find(({ name }) => name === 'CapturedSubject');
    assert.deepStrictEqual([delta.countBefore, delta.countAfter], [1000, 3000]);
    const told = JSON.stringify(diff.suspects.map(({ sentence, path }) => [sentence, path.map(({ edge, node }) => `${edge}/${node}`)]));
    assert.ok(diff.suspects.length > 0);
    const [{ name, countBefore, countAfter, location, holder }] = diff.suspects;
    const found = [name, countAfter - countBefore, holder, location && location.url];
    assert.deepStrictEqual(found, ['CapturedSubject', 2000, 'the Map in the variable subjects', require.resolve('./leaking')], told);
  }
});

test('errors with codes', async () => {
  const missing = path.join(directory, 'missing', 'a');
  assert.throws(() => leakwatch.writeSnapshot(missing), { code: 'ERR_LEAKWATCH_NO_DIRECTORY' });
  await assert.rejects(leakwatch.promises.writeSnapshot(missing), { code: 'ERR_LEAKWATCH_NO_DIRECTORY' });
  assert.throws(() => leakwatch.start({ window: 1 }), { code: 'ERR_LEAKWATCH_INVALID_ARGUMENT' });
  const onProgress = () => {
    throw new TypeError('mine');
  };
  assert.throws(() => leakwatch.writeSnapshot(directory, { onProgress }), { name: 'TypeError' });
  const signal = { aborted: false };
  const abort = ({ phase }) => (signal.aborted = phase === 'write');
  assert.throws(() => leakwatch.writeSnapshot(directory, { signal, onProgress: abort }), { code: 'ERR_LEAKWATCH_ABORTED' });
});

test('a signal while idle', async () => {
  const told = [];
  const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: directory, callback: (...args) => told.push(args) });
  const timer = setInterval(() => {}, 1000);
  process.kill(process.pid, 'SIGUSR2');
  await wait(() => told.length > 0);
  clearInterval(timer);
  dispose();
  assert.strictEqual(told[0][0], null);
  read(told[0][1].path);
});

test('a signal in a busy loop', async () => {
  let file = null;
  const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: path.join(directory, 'busy'), callback: (error, told) => (file = told.path) });
  process.kill(process.pid, 'SIGUSR2');
  let spins = 0;
  while (!fs.existsSync(path.join(directory, 'busy'))) for (let i = 0; i < 1e6; i++) spins += i;
  await wait(() => file);
  dispose();
  read(file);
  assert.ok(spins >= 0);
}, 'signalWhileBusy');

test('workers, ended and terminated', async () => {
  leakwatch.start();
  const code = `
    const leakwatch = require(${JSON.stringify(ROOT)});
    leakwatch.start({ window: 8 });
    leakwatch.tick();
    leakwatch.writeSnapshot(${JSON.stringify(directory)});
    require('worker_threads').parentPort.postMessage(leakwatch.history().baselines[0].index);`;
  for (const end of ['', 'for (;;) leakwatch.gc();', 'for (;;);', 'process.exit(1);']) {
    const worker = new Worker(code + end, { eval: true });
    const ended = new Promise((resolve) => worker.on('exit', resolve));
    assert.strictEqual(await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject)), 0);
    if (end.startsWith('for')) await worker.terminate();
    await ended;
  }
  leakwatch.stop();
});

test('check: what leaks, and what does not', async () => {
  const kept = [];
  const options = { timeMs: 120000, suspects: false };
  const found = await leakwatch.check(() => kept.push({}), options);
  assert.strictEqual(found.verdict, 'leaking', found.reason);
  assert.ok(found.bytesPerIteration > 20 && found.bytesPerIteration < 120, found.reason);
  kept.length = 0;
  const clean = await leakwatch.check(async () => JSON.stringify({ a: 1 }), options);
  assert.strictEqual(clean.verdict, 'steady', clean.reason);
});

test('guard', () => {
  const findings = [];
  const guarded = leakwatch.guard({ list: [], handler() {} }, { onFinding: (finding) => findings.push(finding) });
  const code = 'const { handler } = shared;\nshared.handler = () => handler();';
  vm.runInNewContext(code, { shared: guarded }, 'page.js');
  assert.deepStrictEqual(findings.map(({ read, written }) => [read.line, written.line]), [[1, 2]]);
});

test('histogram', () => {
  class MatrixCounted {}
  const kept = Array.from({ length: 321 }, () => new MatrixCounted());
  assert.strictEqual(leakwatch.histogram().find((row) => row.name === 'MatrixCounted').count, 321);
  assert.strictEqual(kept.length, 321);
}, 'histogram');

test('compat', () => {
  const { HeapDiff } = require('../../compat/memwatch');
  const diff = new HeapDiff();
  class MatrixLeaked {}
  const kept = Array.from({ length: 100 }, () => new MatrixLeaked());
  const row = diff.end().change.details.find(({ what }) => what === 'MatrixLeaked');
  assert.deepStrictEqual([row['+'], kept.length], [100, 100]);
});

test('nothing half written is left', () => {
  assert.deepStrictEqual(fs.readdirSync(directory).filter((name) => name.startsWith('.')), []);
});

test('the control socket', async () => {
  const { ask, find } = require(path.join(ROOT, 'lib', 'control', 'client'));
  const control = path.join(directory, 'c');
  leakwatch.start({ control });
  await wait(() => fs.existsSync(path.join(control, `${process.pid}.sock`)));
  const file = find(process.pid, control);
  assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600);
  assert.strictEqual((await ask(file, 'status')).node, process.version);
  assert.strictEqual((await ask(file, 'baseline', { label: 'asked' })).label, 'asked');
  read((await ask(file, 'snapshot', { path: path.join(directory, 'asked.heapsnapshot') }, { timeout: 0 })).path);
  await ask(file, 'no').then(() => assert.fail('refused'), (error) => assert.strictEqual(error.code, 'ERR_LEAKWATCH_CONTROL_REFUSED'));
  leakwatch.stop();
  assert.ok(!fs.existsSync(file));
});

async function main() {
  const count = { passed: 0, failed: 0, denied: 0 };
  for (const { name, run, needed } of tests) {
    if (needed && !capabilities[needed].native) {
      count.denied += 1;
      continue;
    }
    try {
      await run();
      count.passed += 1;
    } catch (error) {
      count.failed += 1;
      process.stdout.write(`failed: ${name}: ${error.stack}\n`);
    }
  }
  process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.denied} denied by capabilities()\n`);
  process.exitCode = count.failed ? 1 : 0;
}

const cleaned = () => {
  // rmSync came with Node 14.14.
  if (fs.rmSync) fs.rmSync(directory, { recursive: true, force: true });
  else fs.rmdirSync(directory, { recursive: true });
};
main().then(cleaned, (error) => {
  cleaned();
  throw error;
});
