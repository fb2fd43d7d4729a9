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
  runDirectory.countBegun(one.folder);
  one.begin(undefined, file);
};
const measured = (one) => one.files.filter(({ baseline }) => baseline).map(({ n }) => n);

test('two workers that are through at the same moment both take it for the end, though one of them gets the last file', (context) => {
  const one = series(context, { total: 4, workers: 2 });
  const answers = Array.from({ length: 4 }, () => {
    runDirectory.countBegun(one.folder);
    return one.mayBeLast();
  });
  assert.deepStrictEqual(answers, [false, false, true, true]);
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
  runDirectory.countBegun(one.folder);
  assert.strictEqual(one.mayBeLast(), false);
  runDirectory.countBegun(one.folder);
  assert.strictEqual(one.mayBeLast(), true);
});

// A limit that no clock can reach: what is measured is what is always measured.
const LEAST = 1e-12;

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
  for (let i = 0; i < 20; i++) runDirectory.countBegun(one.folder);
  begin(one, 'u');
  assert.deepStrictEqual(measured(one), [0]);
});
