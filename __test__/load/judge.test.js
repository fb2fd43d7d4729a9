'use strict';
// The verdict over another process's baselines, and what is V8's own.

const assert = require('assert');
const { test } = require('node:test');
const { isEngineGrowth, judge, worst } = require('../../lib/load/judge');

const baselines = (size) =>
  Array.from({ length: 13 }, (_, index) => ({
    index, label: `round ${index}`, time: 1e12 + index * 1000, heapUsed: size(index), external: 1e6, arrayBuffers: null,
    rss: 5e7, nativeContexts: 1, detachedContexts: 0, globalHandles: null, gcMs: 5, forced: true,
  }));
const verdict = (size) => judge({ baselines: baselines(size), heapSizeLimit: 4e9 }).verdict;

test('a rise with each round leaks; one that ends, or that is too small, does not', () => {
  assert.strictEqual(verdict((n) => 5e6 + 40e3 * n + 3e3 * (n % 3)), 'leaking');
  assert.strictEqual(verdict((n) => 5e6 + 3e3 * (n % 3)), 'steady');
  // What a young HTTP server compiles, as measured: 4 KB a round.
  assert.strictEqual(verdict((n) => 5e6 + 4e3 * n + 3e3 * (n % 3)), 'steady');
  assert.notStrictEqual(verdict((n) => 5e6 + 4e5 * (1 - Math.exp(-n / 2))), 'leaking');
});

test('one judgement leaves nothing behind for the next', () => {
  for (let n = 0; n < 3; n++) {
    assert.strictEqual(verdict((at) => 5e6 + 40e3 * at), 'leaking');
    assert.strictEqual(verdict(() => 5e6), 'steady');
  }
});

test('the worst of several', () => {
  assert.strictEqual(worst(['steady', 'leaking', 'growing']), 'leaking');
  assert.strictEqual(worst(['steady', 'growing']), 'growing');
  assert.strictEqual(worst(['insufficient', 'steady']), 'steady');
});

test('growth of compiled code alone is no leak; growth of objects is, and so is a suspect', () => {
  const row = (name, grown) => ({ name, shallowBefore: 1e6, shallowAfter: 1e6 + grown });
  const code = row('(compiled code)', 159e3);
  assert.strictEqual(isEngineGrowth({ suspects: [], classes: [code, row('(object shape)', 10e3), row('Timeout', 120)] }), true);
  assert.strictEqual(isEngineGrowth({ suspects: [], classes: [code, row('Array', 400e3)] }), false);
  assert.strictEqual(isEngineGrowth({ suspects: [{}], classes: [code] }), false);
});
