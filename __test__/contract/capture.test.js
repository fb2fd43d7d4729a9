'use strict';
// promises.capture(): a heap analysed without a file, and compared with others.

const assert = require('assert');
const { test } = require('node:test');
const { APART, COOLDOWN_MS, ENDED, FIRST, OnLeak } = require('../../lib/evidence/on-leak');
const { assertEmpty, capabilities, chdir, failsWith, folder, leakwatch, passes, refused } = require('./helper');

/** Mostly in a copy, which can fail without anybody's fault: then inline. */
const capture = (options) => leakwatch.promises.capture(options);
const inline = (options) => capture({ mode: 'inline', ...options });

class CaptureSubject {
  constructor(n) {
    this.text = 'subject'.repeat(20) + n;
  }
}
const subjects = new Map();
const grow = (count) => {
  for (let n = 0; n < count; n++) subjects.set(subjects.size, new CaptureSubject(subjects.size));
};
test('a capture is small, says what is there, and leaves no file', async (t) => {
  const directory = folder(t);
  chdir(t, directory);
  grow(1500);
  const taken = await capture();
  assert.strictEqual(taken.mode === 'fork' || Boolean(taken.fallback) || !capabilities.fork.native, true);
  assert.ok(taken.pauseMs > 0 && taken.pauseMs <= taken.totalMs, `${taken.pauseMs} of ${taken.totalMs}`);
  assert.ok(taken.nodes > 1000 && taken.totalBytes > 1e6);
  assert.ok(taken.data.length > 1000 && taken.data.length <= 512 * 1024, String(taken.data.length));
  const row = taken.classes.find(({ name }) => name === 'CaptureSubject');
  assert.strictEqual(row.count, subjects.size);
  assert.ok(row.location.url === __filename && row.retained > row.shallow, JSON.stringify(row));
  assert.strictEqual(taken.diff, null);
  assert.ok(!Buffer.from(taken.data).includes('subjectsubject'), 'no text of strings');
  assertEmpty(directory);
  const summary = await leakwatch.summarize(taken, { topClasses: 5 });
  assert.deepStrictEqual(summary.classes, taken.classes.slice(0, 5));
  assert.strictEqual(summary.classCount, taken.classCount);
  assert.strictEqual(summary.file.totalBytes, taken.totalBytes);
});

test('captures tell what grew: with the graph at hand, without it, and after a way through JSON', async () => {
  grow(1000);
  const first = await inline();
  grow(2000);
  const second = await inline();
  grow(3000);
  const third = await inline({ since: [first, second], topSuspects: 5 });
  const check = (suspect, share) => {
    assert.deepStrictEqual([suspect.rank, suspect.name, suspect.kind], [1, 'CaptureSubject', 'map'], suspect.sentence);
    assert.strictEqual(suspect.countAfter - suspect.countBefore, 5000);
    assert.strictEqual(suspect.holder, 'the Map in the variable subjects');
    assert.ok(suspect.location.url === __filename && suspect.location.line > 1, JSON.stringify(suspect.location));
    assert.ok(suspect.growthBytes > 5000 * 100 && suspect.share > share, `${suspect.growthBytes}, ${suspect.share}`);
    assert.match(suspect.sentence, /^5,000 more CaptureSubject objects are kept by the Map in the variable subjects \(\+/);
    assert.match(suspect.sentence, /; see .*capture\.test\.js:\d+:\d+\.$/);
    assert.ok(suspect.path.length > 3 && suspect.path.some((step) => step.accumulates));
  };
  check(third.diff.suspects[0], 0.5);
  assert.strictEqual(third.diff.files.length, 3);
  assert.ok(third.diff.suspects.length <= 5);
  const delta = third.diff.classes.find(({ name }) => name === 'CaptureSubject');
  assert.strictEqual(delta.countAfter - delta.countBefore, 5000);
  assert.deepStrictEqual(await leakwatch.diff([first, second, third]), third.diff);
  // Of others than it was taken with.
  const byShape = await leakwatch.diff([first, third]);
  check(byShape.suspects[0], 0.5);
  assert.strictEqual(byShape.suspects[0].fingerprint, third.diff.suspects[0].fingerprint);
  assert.deepStrictEqual(byShape.suspects[0].location, third.diff.suspects[0].location);
  const revived = JSON.parse(JSON.stringify([first, third]));
  assert.deepStrictEqual(await leakwatch.diff(revived), byShape);
  assert.deepStrictEqual((await leakwatch.diff([first, third], { minGrowthBytes: 1e12 })).suspects, []);
});

test('captures that are kept are no part of what is captured next', async () => {
  const buffers = ({ classes }) =>
    classes.filter(({ name }) => /ArrayBuffer|Uint8Array/.test(name)).reduce((sum, { shallow }) => sum + shallow, 0);
  const first = await inline();
  const since = [first];
  while (since.length < 4) since.push(await inline({ since }));
  const last = since[since.length - 1];
  assert.ok(buffers(last) - buffers(first) < first.data.length / 2, `${buffers(first)} B, then ${buffers(last)} B`);
  assert.deepStrictEqual((await leakwatch.diff([first, last])).suspects, []);
});

test('what is no capture, and options that are none, are refused', async () => {
  const taken = await inline();
  for (const since of [taken, null, 0, '', false]) await assert.rejects(capture({ since }), refused('since'));
  await assert.rejects(capture({ since: ['file.heapsnapshot'] }), refused('since'));
  await assert.rejects(capture({ since: [{ data: [1, 2] }] }), refused('since'));
  await assert.rejects(capture({ path: 'a' }), refused('path'));
  await assert.rejects(capture({ mode: 'spoon' }), refused('mode'));
  const foreign = { data: Buffer.from('something else') };
  await assert.rejects(inline({ since: [foreign] }), failsWith('ERR_LEAKWATCH_SNAPSHOT_FOREIGN'));
  await assert.rejects(leakwatch.summarize(foreign), failsWith('ERR_LEAKWATCH_SNAPSHOT_FOREIGN'));
  const cut = { data: taken.data.subarray(0, taken.data.length - 10) };
  await assert.rejects(leakwatch.diff([taken, cut]), failsWith('ERR_LEAKWATCH_SNAPSHOT_CORRUPT'));
  await assert.rejects(leakwatch.diff([taken]), refused('paths'));
  await assert.rejects(leakwatch.diff([taken, 'file.heapsnapshot']), refused('paths'));
  await assert.rejects(leakwatch.diff([taken, taken], { suppress: 'file' }), refused('suppress'));
});

test('it can be given up', async () => {
  const controller = new AbortController();
  const begun = capture({ signal: controller.signal });
  controller.abort();
  await assert.rejects(begun, failsWith('ERR_LEAKWATCH_ABORTED'));
  await assert.rejects(capture({ signal: controller.signal }), failsWith('ERR_LEAKWATCH_ABORTED'));
  // And another one can be taken after it.
  assert.ok((await inline()).nodes > 1000);
});

test('a copy is denied where there is none', { skip: capabilities.fork.native && 'there is one here' }, async () => {
  await assert.rejects(capture({ mode: 'fork' }), failsWith('ERR_LEAKWATCH_UNAVAILABLE'));
  assert.strictEqual((await capture()).mode, 'inline');
});

test('a copy does it, and with too little memory says so', { skip: !capabilities.fork.native && capabilities.fork.why }, async () => {
  const again = () => capture({ mode: 'fork' });
  const taken = await again().catch(again);
  assert.strictEqual(taken.mode, 'fork');
  assert.ok(taken.classes.some(({ name }) => name === 'CaptureSubject'));
  await assert.rejects(capture({ mode: 'fork', memoryLimit: 1e6 }), failsWith('ERR_LEAKWATCH_NOT_ENOUGH_MEMORY'));
});

test('a worker captures its own heap', async () => {
  await passes(`
    const { Worker } = require('worker_threads');
    const worker = new Worker(\`
      const leakwatch = require(\${JSON.stringify(ROOT)});
      class OfTheWorker {}
      globalThis.kept = Array.from({ length: 777 }, () => new OfTheWorker());
      leakwatch.promises.capture().then(({ classes }) => {
        const row = classes.find(({ name }) => name === 'OfTheWorker');
        require('worker_threads').parentPort.postMessage(row && row.count);
      });\`, { eval: true });
    worker.once('message', (count) => assert.strictEqual(count, 777));
    worker.once('error', (error) => { throw error; });
  `);
});

/** OnLeak with captures that are there at once. */
function onLeak(kept = 2) {
  const state = { time: 0, taken: [], failed: [], error: null };
  const take = async ({ since }) => {
    if (state.error) throw state.error;
    const data = state.taken.push(since.map(({ data: earlier }) => earlier));
    return { data, totalMs: 100, diff: { suspects: [`${since.length} before`] } };
  };
  const timers = {
    setTimeout: (run) => (state.patience = run),
    clearTimeout: () => (state.patience = null),
  };
  const evidence = new OnLeak({ failed: (error) => state.failed.push(error), take, clock: () => state.time, kept, timers });
  return { evidence, state };
}

/** Lets promises that are settled run on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('onLeak: captures are spaced, rest in between, and stop where nothing grows', async () => {
  const { evidence, state } = onLeak();
  const seen = [];
  for (let baselines = 1; baselines <= 64; baselines++) {
    const before = state.taken.length;
    evidence.observe(baselines, { verdict: 'insufficient' });
    await settle();
    if (state.taken.length > before) seen.push(baselines);
    state.time += 1001;
  }
  assert.deepStrictEqual(seen, [FIRST, 8, 16, 32, 64]);
  for (let baselines = 65; baselines < 1000; baselines++) evidence.observe(baselines, { verdict: 'steady' });
  await settle();
  assert.strictEqual(state.taken.length, 5);
  // Not in a row, however many baselines there are.
  evidence.observe(1000, { verdict: 'growing' });
  await settle();
  for (let baselines = 2000; baselines < 9000; baselines += 1000) evidence.observe(baselines, { verdict: 'growing' });
  await settle();
  assert.strictEqual(state.taken.length, 6);
});

/** Baselines at the verdict. */
const AT = 2 * FIRST + APART;

test('onLeak: three captures name the suspects, and a verdict that flaps gets those again', async () => {
  const { evidence, state } = onLeak();
  for (const baselines of [FIRST, 2 * FIRST, 2 * FIRST + APART]) {
    evidence.observe(baselines, { verdict: 'growing' });
    await settle();
    state.time += 10000;
  }
  assert.deepStrictEqual(await evidence.suspects(AT), { suspects: ['2 before'] });
  assert.deepStrictEqual(state.taken, [[], [], [1, 2]]);
  state.time += COOLDOWN_MS - 1;
  assert.deepStrictEqual(await evidence.suspects(AT), { suspects: ['2 before'] });
  assert.strictEqual(state.taken.length, 3);
  state.time += 1;
  await evidence.suspects(AT + APART);
  assert.deepStrictEqual(state.taken[3], [2, 3]);
});

test('onLeak: one so quick that nothing was captured before is told when it went on', async () => {
  const { evidence, state } = onLeak();
  const found = evidence.suspects(AT);
  assert.strictEqual(evidence.suspects(AT), found, 'asked twice at a time');
  await settle();
  assert.deepStrictEqual(state.taken, [[]]);
  evidence.observe(AT + APART, { verdict: 'leaking' });
  assert.deepStrictEqual(await found, { suspects: ['1 before'] });
  assert.deepStrictEqual([state.taken, state.patience], [[[], [1]], null]);
});

test('onLeak: one that stands still after the verdict is told after a while all the same', async () => {
  const { evidence, state } = onLeak();
  const found = evidence.suspects(AT);
  await settle();
  state.patience();
  assert.deepStrictEqual(await found, { suspects: ['1 before'] });
});

test('onLeak: a capture that was only just taken is not compared with', async () => {
  const { evidence, state } = onLeak();
  for (const baselines of [FIRST, 2 * FIRST]) {
    evidence.observe(baselines, { verdict: 'growing' });
    await settle();
    state.time += 10000;
  }
  assert.deepStrictEqual(await evidence.suspects(2 * FIRST), { suspects: ['1 before'] });
  assert.deepStrictEqual(state.taken, [[], [], [1]]);
});

test('onLeak: a capture that fails is told, and the leak with the reason', async () => {
  const { evidence, state } = onLeak();
  state.error = new Error('no memory');
  assert.deepStrictEqual(await evidence.suspects(AT), { suspects: [], suspectsMissing: 'no memory' });
  assert.deepStrictEqual(state.failed, [state.error]);
  state.error = null;
  evidence.observe(FIRST, { verdict: 'growing' });
  await settle();
  state.error = new Error('no disk');
  assert.deepStrictEqual(await evidence.suspects(AT), { suspects: [], suspectsMissing: 'no disk' });
  evidence.end();
  assert.strictEqual((await evidence.suspects(AT)).suspectsMissing, ENDED);
  assert.strictEqual(state.failed.length, 2, 'after the end nobody is told');
});

test('onLeak: whoever waits when the watching ends hears of it', async () => {
  const { evidence, state } = onLeak();
  const found = evidence.suspects(AT);
  await settle();
  evidence.end();
  assert.deepStrictEqual(await found, { suspects: [], suspectsMissing: ENDED });
  assert.strictEqual(state.taken.length, 1);
});

test('onLeak: without a copy there is one early capture', async () => {
  const { evidence, state } = onLeak(1);
  for (let baselines = 1; baselines <= 64; baselines++) {
    evidence.observe(baselines, { verdict: 'growing' });
    await settle();
    state.time += 1001;
  }
  assert.strictEqual(state.taken.length, 1);
  assert.deepStrictEqual(await evidence.suspects(AT), { suspects: ['1 before'] });
});

