'use strict';
// The arithmetic of check(), by itself: series in, verdicts out.

const assert = require('assert');
const { test } = require('node:test');
const { isFlat, judgeChannel, largestFall, regress } = require('../../lib/check/statistics');

const LIMITS = { floor: 4, minRise: 32 << 10 };
const COUNTS = [2000, 5000, 12500, 31250, 78125];
const series = (deltaOf) => {
  let from = 0;
  return COUNTS.map((iterations, round) => {
    const delta = deltaOf(iterations, round, from);
    from += iterations;
    return { iterations, delta };
  });
};
const verdict = (rounds, limits = LIMITS) => judgeChannel(rounds, limits);

/** Deterministic: mulberry32. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test('regression gives back what was put in', () => {
  const { slope, intercept, low, high } = regress([1, 2, 4, 8], [13, 16, 22, 34]);
  assert.ok(Math.abs(slope - 3) < 1e-9 && Math.abs(intercept - 10) < 1e-9);
  assert.ok(Math.abs(high - low) < 1e-6);
  assert.deepStrictEqual(regress([1, 1, 1], [1, 2, 3]).low, -Infinity);
});

test('the largest fall is from a peak to a later point', () => {
  assert.strictEqual(largestFall([5, -2, 10, -7, 3]), 7);
  assert.strictEqual(largestFall([1, 2, 3]), 0);
});

test('a constant cost for each round is no leak', () => {
  assert.strictEqual(verdict(series(() => 200000)).verdict, 'steady');
});

test('a leak of 64 bytes is found through noise', () => {
  const noise = random(1);
  let inside = 0;
  for (let run = 0; run < 1000; run++) {
    const found = verdict(series((n) => 64 * n + (noise() - 0.5) * 100000));
    assert.strictEqual(found.verdict, 'leaking', JSON.stringify(found));
    if (found.low < 64 && found.high > 64) inside += 1;
  }
  assert.ok(inside > 920 && inside < 980, `the 95 % interval held the truth ${inside} times of 1000`);
});

test('a table that doubles is found', () => {
  const capacity = (entries) => 28 * 2 ** Math.ceil(Math.log2(Math.max(4, entries)));
  const found = verdict(series((n, _, from) => capacity(6001 + from + n) - capacity(6001 + from)));
  assert.strictEqual(found.verdict, 'leaking', JSON.stringify(found));
});

test('a cache that fills up is no leak, wherever the end of it falls', () => {
  // One that is full only at the very end is for the round that confirms.
  for (let size = 1000; size <= 97500; size += 500) {
    const held = (n) => Math.min(n, size) * 100;
    const found = verdict(series((n, _, from) => held(from + n) - held(from)));
    assert.notStrictEqual(found.verdict, 'leaking', `${size}: ${JSON.stringify(found)}`);
  }
});

test('one-off growth is no leak, wherever it falls', () => {
  for (let at = 0; at < COUNTS.length; at++) {
    for (const bytes of [1e5, 1e6, 1e8]) {
      assert.notStrictEqual(verdict(series((_, round) => (round === at ? bytes : 500))).verdict, 'leaking');
    }
  }
});

test('noise and saws are no leaks: none in 20,000', () => {
  const noise = random(7);
  for (let run = 0; run < 10000; run++) {
    const size = 10 ** (3 + 4 * noise());
    let level = 0;
    const saw = series(() => {
      const next = noise() * size;
      const delta = next - level;
      level = next;
      return delta;
    });
    assert.notStrictEqual(verdict(saw).verdict, 'leaking', JSON.stringify(saw));
    const walk = series(() => (noise() - 0.5) * size);
    assert.notStrictEqual(verdict(walk).verdict, 'leaking', JSON.stringify(walk));
  }
});

test('flat is flat only over the latest rounds', () => {
  assert.strictEqual(isFlat(series((_, round) => (round < 2 ? 1e6 : 300)), 4), true);
  assert.strictEqual(isFlat(series(() => 1e6), 4), false);
  assert.strictEqual(isFlat(series(() => 0).slice(0, 2), 4), false);
});

test('few rounds are no verdict, however much grew', () => {
  assert.strictEqual(verdict(series((n) => 1000 * n).slice(0, 4)).verdict, 'insufficient');
});
