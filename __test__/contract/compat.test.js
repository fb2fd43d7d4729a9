'use strict';
// The shims against what the packages they replace document and do.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { once } = require('events');
const { Writable } = require('stream');
const { test } = require('node:test');
const { ROOT, chdir, folder, leakwatch, passes, readSnapshot } = require('./helper');

const load = (name) => require(path.join(ROOT, 'compat', name));
const inChild = (name) => `const shim = require(path.join(ROOT, 'compat', ${JSON.stringify(name)}));\n`;
const QUIET = { NODE_HEAPDUMP_OPTIONS: 'nosignal' };

test('the subpaths are the packages’ as a dependant sees them', () => {
  const { exports: subpaths } = require(path.join(ROOT, 'package.json'));
  for (const name of ['heapdump', 'memwatch', 'gc-stats', 'leakage']) {
    const { types, default: file } = subpaths[`./compat/${name}`];
    for (const target of [types, file]) assert.ok(fs.existsSync(path.join(ROOT, target)), target);
  }
});

test('heapdump: name, callback before the return, true', (t) => {
  process.env.NODE_HEAPDUMP_OPTIONS = 'nosignal';
  const heapdump = load('heapdump');
  assert.deepStrictEqual(Object.keys(heapdump), ['writeSnapshot']);
  chdir(t, folder(t));
  const told = [];
  const tell = (error, name) => told.push([error, name]);
  assert.strictEqual(heapdump.writeSnapshot('a.heapsnapshot', tell), true);
  assert.deepStrictEqual(told, [[null, 'a.heapsnapshot']]);
  readSnapshot('a.heapsnapshot');
  assert.strictEqual(heapdump.writeSnapshot(tell), true);
  assert.match(told[1][1], /^heapdump-\d+\.\d+\.heapsnapshot$/);
  assert.ok(fs.existsSync(told[1][1]));
  assert.strictEqual(heapdump.writeSnapshot(), true);
});

test('heapdump: false and the system’s name of the error, never a throw', (t) => {
  process.env.NODE_HEAPDUMP_OPTIONS = 'nosignal';
  const heapdump = load('heapdump');
  chdir(t, folder(t));
  const told = [];
  assert.strictEqual(heapdump.writeSnapshot('missing/a.heapsnapshot', (...args) => told.push(args)), false);
  assert.strictEqual(told[0].length, 1);
  assert.strictEqual(told[0][0].message, 'heapdump write error ENOENT');
  assert.strictEqual(told[0][0].cause.code, 'ERR_LEAKWATCH_NO_DIRECTORY');
  assert.strictEqual(heapdump.writeSnapshot('missing/a.heapsnapshot'), false);
});

test('heapdump: SIGUSR2 from load on, unless told otherwise', async (t) => {
  const cwd = folder(t);
  await passes(`${inChild('heapdump')}
    const own = [];
    process.on('SIGUSR2', () => own.push(1));
    const timer = setInterval(() => {
      const files = fs.readdirSync('.').filter((name) => /^heapdump-.*heapsnapshot$/.test(name));
      if (files.length === 0 || own.length === 0) return;
      clearInterval(timer);
    }, 20);
    process.kill(process.pid, 'SIGUSR2');`, { cwd, env: { NODE_HEAPDUMP_OPTIONS: '' } });
  assert.ok(fs.readdirSync(cwd).length >= 1);
  await passes(`${inChild('heapdump')} assert.strictEqual(process.listenerCount('SIGUSR2'), 0);`, { env: QUIET });
  const { stderr } = await passes(inChild('heapdump'), { env: { NODE_HEAPDUMP_OPTIONS: 'nosignal, wrong' } });
  assert.strictEqual(stderr, 'node-heapdump: unrecognized option: wrong\n');
});

const HEAP_FIELDS = [
  'heapSizeLimit', 'mallocedMemory', 'numberOfDetachedContexts', 'numberOfNativeContexts', 'peakMallocedMemory',
  'totalAvailableSize', 'totalHeapExecutableSize', 'totalHeapSize', 'totalPhysicalSize', 'usedHeapSize',
];

test('gc-stats: one emitter, both events, its fields and units', async () => {
  const gcStats = load('gc-stats');
  const emitter = gcStats();
  assert.strictEqual(gcStats(), emitter);
  assert.throws(() => new gcStats(), /no longer exports a constructor/);
  const data = [];
  emitter.on('data', (stats) => data.push(stats));
  // Unref'd timers deliver; a test runner has others that keep it alive.
  const alive = setInterval(() => leakwatch.gc(), 200);
  const [stats] = await once(emitter, 'stats');
  clearInterval(alive);
  emitter.removeAllListeners();
  assert.strictEqual(data[0], stats);
  const { startTime, endTime, pause, pauseMS, gctype, gctypeName, before, after, diff } = stats;
  const [seconds, nanos] = process.hrtime();
  assert.ok(Math.abs(seconds * 1e9 + nanos - startTime) < 120e9, 'on hrtime’s clock');
  assert.deepStrictEqual([endTime - startTime, pauseMS], [pause, Math.round(pause / 1e6)]);
  assert.ok(Number.isInteger(gctype) && typeof gctypeName === 'string');
  for (const part of [before, after, diff]) assert.deepStrictEqual(Object.keys(part).sort(), HEAP_FIELDS);
  for (const name of HEAP_FIELDS) assert.strictEqual(diff[name], after[name] - before[name], name);
  assert.ok(after.usedHeapSize > 1e6 && after.heapSizeLimit > 1e7);
});

test('gc-stats and memwatch stop watching when nobody listens, and leave others alone', async () => {
  await passes(`
    const gcStats = require(path.join(ROOT, 'compat/gc-stats'))();
    const memwatch = require(path.join(ROOT, 'compat/memwatch'));
    const collected = () => { leakwatch.gc(); return leakwatch.history().gcs.length; };
    gcStats.on('stats', () => {});
    memwatch.on('stats', () => {});
    gcStats.removeAllListeners('stats');
    assert.ok(leakwatch.start() instanceof require('events'));
    memwatch.removeAllListeners('stats');
    const watch = leakwatch.start({ window: 50 });
    memwatch.on('leak', () => {});
    assert.strictEqual(watch.options.window, 50);
    memwatch.removeAllListeners();
    assert.strictEqual(leakwatch.start(), watch);
    assert.strictEqual(watch.options.window, 50);
    collected();
  `);
});

test('memwatch leaves alone who began to watch after it', async () => {
  await passes(`
    const memwatch = require(path.join(ROOT, 'compat/memwatch'));
    const listener = () => {};
    memwatch.on('stats', listener);
    const watch = leakwatch.start({ window: 50 });
    memwatch.removeListener('stats', listener);
    const labels = [];
    watch.on('baseline', ({ label }) => labels.push(label));
    leakwatch.tick('told');
    leakwatch.stop();
    assert.ok(labels.includes('told'), labels.join());
  `);
});

test('in a worker, where the originals end the process', async () => {
  await passes(`
    const { Worker } = require('worker_threads');
    const code = 'const path = require("path"); const ROOT = ' + JSON.stringify(ROOT) + ';' +
      'const memwatch = require(path.join(ROOT, "compat/memwatch")); const stats = require(path.join(ROOT, "compat/gc-stats"))();' +
      'const heapdump = require(path.join(ROOT, "compat/heapdump"));' +
      'const { parentPort } = require("worker_threads"); let seen = 0;' +
      'const timer = setInterval(() => memwatch.gc(), 100);' +
      'const one = () => { if ((seen += 1) === 2) { clearInterval(timer); memwatch.removeAllListeners(); stats.removeAllListeners(); parentPort.postMessage(Object.keys(heapdump)); } };' +
      'memwatch.once("stats", one); stats.once("stats", one);';
    (async () => {
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(code, { eval: true });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        await worker.terminate();
      }
    })();
  `, { env: QUIET });
});

const MEMWATCH_FIELDS = [
  // lloyd, marcominetti
  'num_full_gc', 'num_inc_gc', 'heap_compactions', 'usage_trend', 'estimated_base', 'current_base', 'min', 'max',
  // airbnb
  'gc_ts', 'gcScavengeCount', 'gcScavengeTime', 'gcMarkSweepCompactCount', 'gcMarkSweepCompactTime', 'gcIncrementalMarkingCount',
  'gcIncrementalMarkingTime', 'gcProcessWeakCallbacksCount', 'gcProcessWeakCallbacksTime', 'total_heap_size',
  'total_heap_size_executable', 'total_physical_size', 'total_available_size', 'used_heap_size', 'heap_size_limit',
  'malloced_memory', 'peak_malloced_memory', 'gc_time',
];

test('memwatch: stats after each full GC, the fields of both families', async () => {
  const memwatch = load('memwatch');
  const told = once(memwatch, 'stats');
  const alive = setInterval(() => assert.strictEqual(memwatch.gc(), undefined), 200);
  const [stats] = await told;
  clearInterval(alive);
  memwatch.removeAllListeners();
  assert.deepStrictEqual(Object.keys(stats).sort(), MEMWATCH_FIELDS.slice().sort());
  for (const name of MEMWATCH_FIELDS) assert.ok(Number.isFinite(stats[name]), `${name}: ${stats[name]}`);
  assert.ok(stats.current_base > 1e6 && stats.num_full_gc >= 1);
});

test('memwatch: leak events in the family’s words', async () => {
  const { stdout } = await passes(`${inChild('memwatch')}
    const kept = [];
    shim.on('leak', (leak) => {
      process.stdout.write(JSON.stringify([leak, leak.start instanceof Date, leak.end instanceof Date]));
      process.exit();
    });
    setInterval(() => { for (let i = 0; i < 4; i++) { kept.push(new Array(50000).fill(i)); leakwatch.tick(); } }, 20);`);
  const [leak, ...dates] = JSON.parse(stdout);
  assert.deepStrictEqual(dates, [true, true]);
  assert.ok(leak.growth > 1e6);
  assert.match(leak.reason, /^heap growth over \d+ consecutive GCs \((\d+h )?(\d+m )?\d+s\) - [\d.]+ mb\/hr$/);
});

test('memwatch: HeapDiff names what came', () => {
  const memwatch = load('memwatch');
  const diff = new memwatch.HeapDiff();
  class LeakingClass {}
  const kept = Array.from({ length: 9998 }, () => new LeakingClass());
  const { before, after, change } = diff.end();
  assert.strictEqual(kept.length, 9998);
  const row = change.details.find(({ what }) => what === 'LeakingClass');
  assert.deepStrictEqual([row['+'], row['-']], [9998, 0]);
  assert.ok(row.size_bytes >= 9998 * 12 && / kb$/.test(row.size), JSON.stringify(row));
  assert.strictEqual(change.size_bytes, after.size_bytes - before.size_bytes);
  assert.ok(change.allocated_nodes >= 9998 && after.nodes > before.nodes);
  assert.throws(() => diff.end(), /^Error: attempt to end\(\) a HeapDiff that was already ended$/);
  assert.throws(() => memwatch.HeapDiff(), TypeError);
});

test('memwatch: a class by any name', () => {
  const { HeapDiff } = load('memwatch');
  const made = { constructor: function () { this.made = true; } };
  const diff = new HeapDiff();
  const kept = Array.from({ length: 3000 }, () => new made.constructor());
  const { details } = diff.end().change;
  assert.strictEqual(kept.length, 3000);
  assert.ok(details.every(({ what }) => typeof what === 'string'), JSON.stringify(details));
  assert.strictEqual(details.find(({ what }) => what === 'constructor')['+'], 3000);
});

test('memwatch: the GCs of a HeapDiff are no news, whatever the clock says', async () => {
  await passes(`${inChild('memwatch')}
    const told = [];
    shim.on('stats', (stats) => told.push(stats));
    const before = Date.now;
    Date.now = () => before() - 36e5;
    const diff = new shim.HeapDiff();
    diff.end();
    const { performance } = require('perf_hooks');
    const now = () => (performance.timeOrigin + performance.now()) * 1e3;
    const mark = now() + 25e3;
    // What comes now is later by any clock.
    while (now() < mark + 25e3);
    shim.gc();
    const timer = setInterval(() => {
      if (told.length === 0) return;
      clearInterval(timer);
      const early = told.filter((stats) => stats.gc_ts < mark);
      // Two snapshots make four and more; V8 may collect once by itself as well.
      assert.ok(early.length <= 2, early.length + ' of ' + told.length + ' are not of gc()');
      process.exit();
    }, 20);
  `);
});

test('memwatch: a HeapDiff whose files somebody tidied away lets the process end well', async (t) => {
  const where = folder(t);
  await passes(`${inChild('memwatch')}
    new shim.HeapDiff();
    for (const name of fs.readdirSync(${JSON.stringify(where)})) fs.rmSync(path.join(${JSON.stringify(where)}, name), { recursive: true });
  `, { env: { TMPDIR: where } });
});

test('leakage: a leak throws its error, in its words', () => {
  const { iterate, MemoryLeakError } = load('leakage');
  const kept = [];
  assert.throws(
    () => iterate(() => kept.push(new Array(2000).fill(kept.length)), { gcollections: 3 }),
    (error) => {
      assert.ok(error instanceof MemoryLeakError && error instanceof Error);
      assert.match(error.message, /^Heap grew on 3 subsequent garbage collections \(90 of 90 iterations\) by [\d.]+ [kM]B\.\n\n {2}Iterations between GCs: 30\n\n {2}Final GC details:\n {2}\[/);
      return true;
    }
  );
});

test('leakage: what does not leak returns a result, a function that only logs too', (t) => {
  const { iterate } = load('leakage');
  const { Console } = require('console');
  // As standard output to a file or a pipe: written when the call returns.
  const file = fs.openSync('/dev/null', 'w');
  t.after(() => fs.closeSync(file));
  const printer = new Console(new Writable({ write: (chunk, _, done) => done(fs.writeSync(file, chunk) < 0 || null) }));
  const result = iterate(() => printer.log('text', { a: 1 }), { iterations: 10, gcollections: 3 });
  assert.deepStrictEqual([result.iterations, result.gcollections, result.heapDiffs.length], [10, 3, 3]);
  const lines = [];
  result.printSummary('title', (line) => lines.push(line));
  assert.deepStrictEqual(lines.slice(0, 2), ['Leak test summary - title:', '  Did 3 heap diffs, iterating 10 times each.']);
  assert.match(lines[2], /^ {2}Heap diff summary: [+-]?[\d.]+ k?B avg, [+-]?[\d.]+ k?B min, [+-]?[\d.]+ k?B max$/);
});

test('leakage: asynchronously, one at a time, and not the other kind of function', async () => {
  const { iterate, MemoryLeakError } = load('leakage');
  const quick = { iterations: 20, gcollections: 3 };
  const kept = [];
  await assert.rejects(iterate.async(async () => kept.push(new Array(3000).fill(kept.length)), quick), MemoryLeakError);
  const first = iterate.async(async () => {}, { iterations: 1, gcollections: 1 });
  await assert.rejects(iterate.async(async () => {}), /^Error: Detected concurrently running tests/);
  assert.strictEqual((await first).heapDiffs.length, 1);
  await assert.rejects(iterate.async(() => {}), /Use iterate\(\) instead/);
  assert.throws(() => iterate(async () => {}), /Use iterate\.async\(\) instead/);
  const mine = new RangeError('mine');
  await assert.rejects(iterate.async(async () => { throw mine; }), (error) => error === mine);
});
