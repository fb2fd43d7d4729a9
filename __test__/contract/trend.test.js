'use strict';
// The verdict: its shape, what it says of a plain leak and of none.

const assert = require('assert');
const vm = require('vm');
const { test, beforeEach } = require('node:test');
const { flag } = require('../../lib/heap-limit');
const { leakwatch, passes } = require('./helper');

beforeEach(() => leakwatch.reset());

const VERDICTS = ['insufficient', 'steady', 'growing', 'leaking'];
const CHANNELS = ['contexts', 'external', 'heap', 'rss'];

function assertTrend(trend) {
  assert.deepStrictEqual(Object.keys(trend), [
    'verdict', 'channel', 'bytesPerTick', 'bytesPerSecond', 'low', 'high',
    'confidence', 'ticks', 'timeToLimitMs', 'reason', 'channels',
  ]);
  const rows = [{ ...trend, perTick: trend.bytesPerTick, perSecond: trend.bytesPerSecond }];
  for (const [name, row] of Object.entries(trend.channels)) {
    assert.ok(CHANNELS.includes(name), name);
    assert.deepStrictEqual(
      Object.keys(row).sort(),
      ['confidence', 'high', 'low', 'perSecond', 'perTick', 'reason', 'ticks', 'timeToLimitMs', 'verdict'],
      name
    );
    rows.push(row);
  }
  for (const row of rows) {
    assert.ok(VERDICTS.includes(row.verdict), row.verdict);
    for (const name of ['perTick', 'perSecond', 'low', 'high']) assert.ok(Number.isFinite(row[name]), name);
    assert.ok(row.low <= row.perTick && row.perTick <= row.high, `${row.low} <= ${row.perTick} <= ${row.high}`);
    assert.ok(row.confidence >= 0 && row.confidence <= 1, String(row.confidence));
    assert.ok(Number.isInteger(row.ticks) && row.ticks >= 0);
    assert.ok(row.timeToLimitMs === null || row.timeToLimitMs >= 0, String(row.timeToLimitMs));
    assert.ok(typeof row.reason === 'string' && row.reason.length > 10 && !row.reason.includes('\n'), row.reason);
    assert.ok(!/NaN|undefined|Infinity|null/.test(row.reason), row.reason);
  }
  if (trend.channel in trend.channels) {
    assert.strictEqual(trend.verdict, trend.channels[trend.channel].verdict, 'the channel named decided');
  }
}

function ticks(count, step) {
  for (let i = 0; i < count; i++) {
    step(i);
    leakwatch.tick();
  }
  const trend = leakwatch.trend();
  assertTrend(trend);
  return trend;
}

test('without a baseline there is no verdict', () => {
  const trend = leakwatch.trend();
  assertTrend(trend);
  assert.deepStrictEqual([trend.verdict, trend.ticks], ['insufficient', 0]);
});

test('a few baselines are never enough, however they rise', () => {
  const kept = [];
  for (let i = 0; i < 5; i++) {
    kept.push(new Array(100000).fill(i + 0.5));
    leakwatch.tick();
    assert.strictEqual(leakwatch.trend().verdict, 'insufficient', `${i + 1} baselines`);
  }
  assert.match(leakwatch.trend().reason, /\b6\b/, 'says how many forced ones are needed');
});

test('a growing array leaks heap, by as much as it grows', () => {
  const STEP = 200000 * 8;
  const kept = [];
  const trend = ticks(25, (i) => kept.push(new Array(STEP / 8).fill(i + 0.5)));
  assert.deepStrictEqual([trend.verdict, trend.channel], ['leaking', 'heap'], trend.reason);
  assert.ok(Math.abs(trend.bytesPerTick - STEP) < STEP * 0.1, `${trend.bytesPerTick} of ${STEP}`);
  assert.ok(trend.low <= STEP * 1.05 && trend.high >= STEP * 0.95);
  assert.ok(trend.bytesPerSecond > 0);
  assert.ok(trend.timeToLimitMs > 0, 'a limit will be reached');
  assert.ok(trend.confidence >= 0.99);
});

test('what a leak can take is the old generation, where that was set', async () => {
  const growing = `
    const kept = [];
    for (let i = 0; i < 25; i++) {
      kept.push(new Array(100000).fill(i + 0.5));
      leakwatch.tick();
    }
    const { reason } = leakwatch.trend();
    assert.match(reason, /the 268 MB limit/);`;
  // V8's own figure counts the new generation as well.
  await passes(`${growing} assert.ok(leakwatch.stats().heap.heapSizeLimit > 270e6);`, { args: ['--max-old-space-size=256'] });
  await passes(growing, { env: { NODE_OPTIONS: '--max-old-space-size=256' } });
  await passes(`
    const { Worker, resourceLimits } = require('worker_threads');
    if (!resourceLimits) process.exit();
    const code = 'const ROOT = ' + JSON.stringify(ROOT) + "; const assert = require('assert'), leakwatch = require(ROOT);" + ${JSON.stringify(growing)};
    new Worker(code, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 256 } });`);
  assert.strictEqual(flag(['--max-old-space-size=100', '--expose-gc', '--max_old_space_size=1.5']), 1.5 * 2 ** 20);
  assert.strictEqual(flag(['', '--max-semi-space-size=2']), undefined);
});

test('growing Buffers leak external memory while the heap is steady', () => {
  const kept = [];
  const trend = ticks(25, () => kept.push(Buffer.alloc(1 << 20, 1)));
  assert.deepStrictEqual([trend.verdict, trend.channel], ['leaking', 'external'], trend.reason);
  assert.notStrictEqual(trend.channels.heap.verdict, 'leaking', trend.channels.heap.reason);
});

test('a vm context each tick leaks contexts', () => {
  const kept = [];
  const trend = ticks(25, () => kept.push(vm.createContext({})));
  assert.strictEqual(trend.verdict, 'leaking', trend.reason);
  assert.strictEqual(trend.channels.contexts.verdict, 'leaking', trend.channels.contexts.reason);
  assert.ok(Math.abs(trend.channels.contexts.perTick - 1) < 0.2, String(trend.channels.contexts.perTick));
});

test('work that lets go of everything is steady', () => {
  let all = [];
  const trend = ticks(30, (i) => {
    all = [];
    for (let n = 0; n < 1000 + (i % 3) * 500; n++) all.push({ n, text: String(n) });
    all = null;
  });
  assert.ok(['steady', 'growing'].includes(trend.verdict) && trend.verdict !== 'leaking', trend.reason);
  assert.strictEqual(trend.channels.heap.verdict, 'steady', trend.channels.heap.reason);
});

test('a cache that fills to its bound is not a leak once it is full', () => {
  const cache = new Map();
  const trend = ticks(60, (i) => {
    for (let n = 0; n < 2000; n++) cache.set((i * 2000 + n) % 20000, { n, i });
  });
  assert.notStrictEqual(trend.verdict, 'leaking', trend.reason);
});

test('thresholds given to trend hold for that call alone', () => {
  const kept = [];
  const plain = ticks(25, (i) => kept.push(new Array(200000).fill(i + 0.5)));
  assert.strictEqual(plain.verdict, 'leaking', plain.reason);
  const strict = leakwatch.trend({ thresholds: { minRise: 1e15 } });
  assertTrend(strict);
  assert.notStrictEqual(strict.channels.heap.verdict, 'leaking', strict.channels.heap.reason);
  assert.strictEqual(leakwatch.trend({ thresholds: { minForced: 1000, minNatural: 1000 } }).verdict, 'insufficient');
  assert.strictEqual(leakwatch.trend().verdict, 'leaking', 'the defaults are back');
});

test('thresholds given to start hold until the next start', (t) => {
  t.after(() => leakwatch.stop());
  leakwatch.start({ thresholds: { minForced: 40, minNatural: 40 } });
  const kept = [];
  assert.strictEqual(ticks(25, (i) => kept.push(new Array(200000).fill(i + 0.5))).verdict, 'insufficient');
  leakwatch.start({});
  assert.strictEqual(leakwatch.trend().verdict, 'leaking', 'the defaults are back');
});
