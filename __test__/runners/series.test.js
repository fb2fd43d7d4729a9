'use strict';

// When a worker measures, and when it takes a file to have been its last.

const { test } = require('node:test');
const assert = require('node:assert');
const runDirectory = require('../../lib/runner/run-directory');
const { Series } = require('../../lib/runner/series');

/** A series of a run that is planned like this. */
function series(context, plan) {
  const folder = runDirectory.create();
  context.after(() => runDirectory.remove(folder));
  runDirectory.writePlan(folder, plan);
  return new Series({ runner: 'Jest', folder, worker: '1' });
}

const begin = (one, file) => {
  runDirectory.begun.add(one.folder);
  one.begin(undefined, file);
};
// A limit that no clock can reach: what is measured is what is always measured.
const LEAST = 1e-12;
const measured = (one) => one.files.filter(({ baseline }) => baseline).map(({ n }) => n);

test('a worker is through when others may get what is left, and not as long as there is a file for each that is free', (context) => {
  const [one, other] = [{ total: 5, workers: 2 }, { total: 5, workers: 2 }].map((plan) => series(context, plan));
  other.folder = one.folder;
  const begun = (times) => {
    for (let i = 0; i < times; i++) runDirectory.begun.add(one.folder);
  };
  begun(2);
  assert.deepStrictEqual([one.mayBeLast(), other.mayBeLast()], [false, false], 'three are left, for two that are free');
  begun(2);
  assert.strictEqual(one.mayBeLast(), false, 'the one that is left comes here: the other is still busy');
});

test('of two workers that end at the same moment the second takes it for the end: the first gets the last file', (context) => {
  const [one, other] = [{ total: 3, workers: 2 }, { total: 3, workers: 2 }].map((plan) => series(context, plan));
  other.folder = one.folder;
  for (const each of [one, other]) runDirectory.begun.add(each.folder);
  assert.deepStrictEqual([one.mayBeLast(), other.mayBeLast()], [false, true]);
  runDirectory.begun.add(one.folder);
  assert.strictEqual(one.mayBeLast(), true);
});

test('a worker that is told to end when it had not taken it for the end measures at once, and one that had does not again', async (context) => {
  const one = series(context, { total: 40, workers: 2, costLimit: LEAST });
  for (const file of ['a', 'b']) begin(one, file);
  one.finishAtOnce();
  const [first] = [one.last];
  assert.ok(first.baseline);
  one.finishAtOnce();
  assert.strictEqual(one.last, first);
});

test('what was taken for the end is measured again if another file came after all', async (context) => {
  const one = series(context, { total: 3, workers: 2, costLimit: 0 });
  begin(one, 'a');
  await one.finish();
  const [first] = [one.last];
  begin(one, 'b');
  await one.finish();
  assert.notStrictEqual(one.last, first);
  assert.ok(one.last.baseline.index > first.baseline.index);
});

test('one process has no other that could get what is left', (context) => {
  const one = series(context, { total: 2 });
  runDirectory.begun.add(one.folder);
  assert.strictEqual(one.mayBeLast(), false);
  runDirectory.begun.add(one.folder);
  assert.strictEqual(one.mayBeLast(), true);
});

test('what has ended just now is waited for only as long as a short run can, if it is little of much', (context) => {
  const plan = { total: 80, workers: 2, costLimit: LEAST };
  // A minute either way: how long the test takes says nothing.
  const began = (n) => ({ time: Date.now() + (n < 30 ? -60000 : 60000), alive: false });
  const one = series(context, plan);
  one.files = Array.from({ length: 40 }, (_, n) => began(n));
  assert.deepStrictEqual([60, 300, undefined].map((pause) => one.waits(pause, [38])), [true, false, false]);
  assert.strictEqual(one.waits(300, [20, 38]), true, 'one of them has been over for long');
  assert.strictEqual(one.waits(300, [36, 37, 38, 39]), true, 'they are many');
  assert.strictEqual(one.waits(300, [20]), false, 'nothing but what will not go');
  const few = series(context, plan);
  few.files = one.files.slice(-5);
  assert.strictEqual(few.waits(300, [4]), true, 'one of five');
  const unlimited = series(context, { ...plan, costLimit: 0 });
  unlimited.files = one.files;
  assert.strictEqual(unlimited.waits(700, [38]), true);
});

test('where many files follow, the first baseline is before the second', (context) => {
  const one = series(context, { total: 40, workers: 2, costLimit: LEAST });
  for (const file of ['a', 'b', 'c']) begin(one, file);
  assert.deepStrictEqual(measured(one), [1]);
});

test('where few do, or nobody knows how many each gets, it is before the first', (context) => {
  const few = series(context, { total: 8, workers: 2, costLimit: LEAST });
  for (const file of ['a', 'b', 'c']) begin(few, file);
  assert.deepStrictEqual(measured(few), [0]);
  // Vitest and Mocha tell of no workers.
  const unknown = series(context, { total: 40, costLimit: LEAST });
  for (const file of ['a', 'b', 'c']) begin(unknown, file);
  assert.deepStrictEqual(measured(unknown), [0, 1]);
});

test('a worker that was begun anew says what it held before its first file', (context) => {
  const one = series(context, { total: 40, workers: 2, costLimit: LEAST });
  for (let i = 0; i < 20; i++) runDirectory.begun.add(one.folder);
  begin(one, 'u');
  assert.deepStrictEqual(measured(one), [0]);
});
