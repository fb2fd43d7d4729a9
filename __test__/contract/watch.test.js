'use strict';
// start(): one Watch for the isolate, its events, its end.

const assert = require('assert');
const EventEmitter = require('events');
const fs = require('fs');
const path = require('path');
const { test, afterEach } = require('node:test');
const { assertEmpty, capabilities, event, failsWith, folder, leakwatch, passes, readSnapshot } = require('./helper');

afterEach(() => {
  leakwatch.start().removeAllListeners();
  leakwatch.stop();
  leakwatch.reset();
});

function churn() {
  let kept;
  for (let i = 0; i < 3e5; i++) kept = { i };
  return kept;
}

/** Keeps the loop alive: nothing of leakwatch does. */
function alive(t) {
  const timer = setInterval(() => {}, 1000);
  t.after(() => clearInterval(timer));
}

test('start again is the same Watch', () => {
  const watch = leakwatch.start();
  assert.ok(watch instanceof EventEmitter);
  assert.strictEqual(leakwatch.start(), watch);
  assert.strictEqual(leakwatch.start({ window: 20 }), watch);
  assert.deepStrictEqual(watch.options, { window: 20 });
  assert.deepStrictEqual(leakwatch.start().options, { window: 20 }, 'none given, none replaced');
  assert.deepStrictEqual(leakwatch.start({ onLeak: 'emit' }).options, { onLeak: 'emit' }, 'replaced as a whole');
  leakwatch.stop();
  assert.strictEqual(leakwatch.start(), watch, 'after stop as well');
});

test('options in force are a copy of those given', () => {
  const given = { window: 20, thresholds: { minForced: 7 } };
  const watch = leakwatch.start(given);
  given.window = 1;
  given.thresholds.minForced = 1;
  assert.deepStrictEqual(watch.options, { window: 20, thresholds: { minForced: 7 } });
});

test('stop is idempotent, with and without a start', () => {
  leakwatch.stop();
  leakwatch.stop();
  const watch = leakwatch.start();
  watch.stop();
  leakwatch.stop();
  watch.stop();
});

test('gc events come in order, once each, with what history has', async (t) => {
  alive(t);
  const watch = leakwatch.start();
  const seen = [];
  watch.on('gc', (gc) => seen.push(gc));
  churn();
  leakwatch.gc();
  await event(watch, 'gc');
  leakwatch.gc();
  await event(watch, 'gc');
  await new Promise((resolve) => setImmediate(resolve));
  seen.forEach((gc, at) => at > 0 && assert.strictEqual(gc.seq, seen[at - 1].seq + 1));
  const { gcs } = leakwatch.history();
  assert.deepStrictEqual(seen, gcs.slice(gcs.findIndex((gc) => gc.seq === seen[0].seq)).slice(0, seen.length));
});

test('baseline events carry the tick', async (t) => {
  alive(t);
  const watch = leakwatch.start();
  const told = event(watch, 'baseline');
  const own = leakwatch.tick('told');
  assert.deepStrictEqual(await told, own);
});

test('stop tells of what was recorded before the hooks go', () => {
  const watch = leakwatch.start();
  const seen = [];
  watch.on('baseline', (baseline) => seen.push(baseline));
  const own = [leakwatch.tick('a'), leakwatch.tick('b')];
  leakwatch.stop();
  assert.deepStrictEqual(seen, own);
});

test('a new start does not tell of the old records again', () => {
  const watch = leakwatch.start();
  leakwatch.tick('old');
  leakwatch.stop();
  const seen = [];
  watch.on('baseline', (baseline) => seen.push(baseline.label));
  leakwatch.start();
  leakwatch.tick('new');
  leakwatch.stop();
  assert.deepStrictEqual(seen, ['new']);
});

test('options given while watching lose no event', () => {
  const watch = leakwatch.start();
  const seen = [];
  watch.on('baseline', (baseline) => seen.push(baseline.label));
  leakwatch.tick('before');
  leakwatch.start({ window: 20 });
  leakwatch.tick('after');
  leakwatch.stop();
  assert.deepStrictEqual(seen, ['before', 'after']);
});

for (const [what, act] of [['stops', () => leakwatch.stop()], ['starts anew', () => leakwatch.start({ window: 20 })]]) {
  test(`a listener that ${what} hears of each baseline once, in order`, () => {
    const watch = leakwatch.start();
    const seen = [];
    watch.on('baseline', ({ label }) => {
      if (label === null) return;
      seen.push(label);
      if (seen.length === 2) act();
    });
    const labels = ['a', 'b', 'c', 'd'];
    labels.forEach((label) => leakwatch.tick(label));
    leakwatch.stop();
    assert.deepStrictEqual(seen, labels);
    leakwatch.start();
    leakwatch.tick('on again');
    leakwatch.stop();
    assert.deepStrictEqual(seen, [...labels, 'on again']);
  });
}

test('forceGcEvery takes forced baselines by itself', async (t) => {
  alive(t);
  const watch = leakwatch.start({ forceGcEvery: 10 });
  const baseline = await event(watch, 'baseline');
  assert.strictEqual(baseline.forced, true);
  leakwatch.start({});
  const none = leakwatch.history().baselines.filter((b) => b.forced).length;
  await event(watch, 'gc').catch(() => {});
  assert.ok(leakwatch.history().baselines.filter((b) => b.forced).length <= none + 1, 'one may be under way');
});

test('natural full GCs make baselines that are not forced', async () => {
  // --gc-interval makes V8 collect by itself, soon and often.
  await passes(
    `const watch = leakwatch.start();
    const timer = setInterval(() => {
      const kept = [];
      for (let i = 0; i < 4e5; i++) kept.push({ i });
    }, 1);
    watch.once('baseline', (baseline) => {
      assert.strictEqual(baseline.forced, false);
      assert.strictEqual(baseline.label, null);
      for (const name of ['heapUsed', 'external', 'rss']) assert.ok(baseline[name] > 0, name);
      // Only the newest of those told together could ask Node.
      assert.ok(baseline.arrayBuffers === null || baseline.arrayBuffers > 0, 'arrayBuffers');
      clearInterval(timer);
    });`,
    { args: ['--max-semi-space-size=1', '--initial-old-space-size=8'] }
  );
});

test('ticks, gc() and snapshots make no natural baselines', async (t) => {
  const directory = folder(t);
  leakwatch.start();
  leakwatch.reset();
  leakwatch.gc();
  leakwatch.writeSnapshot(path.join(directory, 'a'));
  leakwatch.tick('only');
  // Node's observer tells of GCs a turn or two later.
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepStrictEqual(leakwatch.history().baselines.map((b) => b.label), ['only']);
});

test('a leak is told once, again only when it is materially worse', async (t) => {
  alive(t);
  const watch = leakwatch.start();
  const leaks = [];
  watch.on('leak', (trend) => leaks.push(trend));
  const kept = [];
  const grow = (count) => {
    for (let i = 0; i < count; i++) {
      kept.push(new Array(100000).fill(i + 0.5));
      leakwatch.tick();
    }
  };
  grow(25);
  await event(watch, 'baseline');
  assert.strictEqual(leaks.length, 1);
  assert.strictEqual(leaks[0].verdict, 'leaking');
  assert.strictEqual(leaks[0].channel, 'heap');
  grow(3);
  await event(watch, 'baseline');
  assert.strictEqual(leaks.length, 1, 'the same leak, a little later');
});

test("onLeak: 'capture' writes a snapshot into snapshotDir", async (t) => {
  alive(t);
  const directory = folder(t);
  const watch = leakwatch.start({ onLeak: 'capture', snapshotDir: directory });
  const told = event(watch, 'snapshot');
  const kept = [];
  for (let i = 0; i < 25; i++) {
    kept.push(new Array(100000).fill(i + 0.5));
    leakwatch.tick();
  }
  const snapshot = await told;
  assert.strictEqual(snapshot.cause, 'leak');
  assert.strictEqual(path.dirname(snapshot.path), directory);
  assert.strictEqual(fs.statSync(snapshot.path).size, snapshot.bytes);
  assert.ok(snapshot.pauseMs > 0);
  readSnapshot(snapshot.path);
});

test('a capture that fails is an error event, and the leak is told all the same', async (t) => {
  alive(t);
  const watch = leakwatch.start({ onLeak: 'capture', snapshotDir: path.join(folder(t), 'missing') });
  const both = Promise.all([event(watch, 'error'), event(watch, 'leak')]);
  const kept = [];
  for (let i = 0; i < 25; i++) {
    kept.push(new Array(100000).fill(i + 0.5));
    leakwatch.tick();
  }
  const [error, trend] = await both;
  assert.ok(failsWith('ERR_LEAKWATCH_NO_DIRECTORY')(error));
  assert.strictEqual(trend.verdict, 'leaking');
});

test('a listener that throws ends neither the watching nor the other events', async () => {
  // An exception in an interval of ours must not be the app's uncaughtException.
  await passes(`
    const watch = leakwatch.start();
    process.on('uncaughtException', (error) => { throw error; });
    const warned = new Promise((resolve) => process.on('warning', resolve));
    watch.once('baseline', () => { throw new Error('a listener of the app'); });
    leakwatch.tick('one');
    const timer = setInterval(() => {}, 50);
    warned.then((warning) => {
      assert.match(warning.message, /a listener of the app/);
      watch.once('baseline', (b) => { assert.strictEqual(b.label, 'two'); clearInterval(timer); });
      leakwatch.tick('two');
    });
  `);
});

test('without an error listener errors become warnings', async () => {
  await passes(`
    process.once('warning', (warning) => {
      assert.strictEqual(warning.name, 'LeakwatchWarning');
      assert.match(warning.code, /^ERR_LEAKWATCH_/);
      clearInterval(timer);
    });
    const timer = setInterval(() => {}, 50);
    leakwatch.start({ onLeak: 'capture', snapshotDir: '/nowhere/at/all' });
    const kept = [];
    for (let i = 0; i < 25; i++) { kept.push(new Array(100000).fill(i + 0.5)); leakwatch.tick(); }
  `);
});

test('nearHeapLimit says at once where it is not to be had', { skip: capabilities.nearHeapLimit.native && 'it is to be had here' }, () => {
  const watch = leakwatch.start();
  const seen = [];
  watch.on('error', (error) => seen.push(error.code));
  leakwatch.start({ nearHeapLimit: true });
  assert.deepStrictEqual(seen, ['ERR_LEAKWATCH_UNAVAILABLE']);
});

test('a failed start leaves no file', (t) => {
  const directory = folder(t);
  assert.throws(() => leakwatch.start({ snapshotDir: directory, window: 1 }));
  assertEmpty(directory);
});
