'use strict';

// What is said of files whose environments are there at the end, from the records alone.

const { test } = require('node:test');
const assert = require('node:assert');
const { judgeWorker } = require('../../lib/runner/judge');

const HOUR = 3600000;
const baseline = (heapUsed) => ({ heapUsed, external: 0, nativeContexts: 3, detachedContexts: 0 });

/** Records of a worker with six files, an hour each, of which these are alive at the end. */
function records(alive, ...more) {
  const files = Array.from({ length: 6 }, (_, n) => ({ type: 'file', n, path: `/project/${n}.test.js`, baseline: baseline(20e6), time: n * HOUR }));
  const head = { type: 'start', runner: 'Jest', worker: '1', pid: 1, thread: 0, node: 'v20.20.2', time: 0 };
  const end = { type: 'end', baseline: baseline(20e6), alive, time: 6 * HOUR, spentMs: 1, elapsedMs: 10 };
  return [head, ...files, end, ...more];
}
const judge = (all, reasons) => judgeWorker(all, { rootDir: '/project', reasons, known: () => undefined });
const snapshot = (gone) => ({ type: 'capture', when: 'end', n: 6, alive: [0, 1], file: '/snapshot', gone, ms: 1 });

test('a file that went as V8 emptied its caches is kept by Node, not by the tests', () => {
  const { findings, byRunner, rows } = judge(records([0, 1], snapshot([0, 1])));
  assert.deepStrictEqual(findings, []);
  assert.deepStrictEqual(byRunner.map(({ file }) => file), ['0.test.js', '1.test.js']);
  assert.match(byRunner[0].message, /kept by V8's caches of compiled code/);
  assert.strictEqual(rows[0].state, 'runner');
});

test('one that a reason is known for is a leak, gone with the caches or not', () => {
  const timer = { kind: 'timer', what: 'a timer that was never cleared', fingerprint: 'f' };
  const { findings } = judge(records([0, 1], snapshot([0, 1])), new Map([[1, timer]]));
  assert.deepStrictEqual(findings.map(({ file, rule }) => [file, rule]), [['1.test.js', 'timer']]);
});

test('of one that is there for no reason seen it is said whether there was a snapshot', () => {
  const [looked] = judge(records([0], snapshot([]))).findings;
  assert.match(looked.message, /something that its snapshot does not show/);
  const [unseen] = judge(records([0])).findings;
  assert.match(unseen.message, /something that no snapshot was taken of/);
});
