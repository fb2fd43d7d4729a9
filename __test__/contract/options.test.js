'use strict';
// Every option, valid and not: a wrong one is named, never passed over.

const assert = require('assert');
const { test } = require('node:test');
const { leakwatch, refused, folder, needs } = require('./helper');

const NOT_NUMBERS = ['1', true, {}, NaN, null, [], () => {}];
const NOT_BOOLEANS = [0, 1, 'true', null, {}];
const NOT_STRINGS = ['', 0, true, null, {}, Buffer.from('x')];

const START = {
  forceGcEvery: { good: [0, 10, 1000.5, 2 ** 31 - 1], bad: [-1, 1, 9.99, 2 ** 31, Infinity, ...NOT_NUMBERS] },
  window: { good: [8, 240, 100000], bad: [0, 7, -8, 8.5, 100001, Infinity, ...NOT_NUMBERS] },
  onLeak: { good: ['emit', 'capture'], bad: ['', 'Emit', 'snapshot', true, null, 1] },
  snapshotDir: { good: ['.', '/nowhere/at/all'], bad: NOT_STRINGS },
  snapshotSignal: { good: [false], bad: ['', 'USR2', 'sigusr2', true, 12, null, {}] },
  nearHeapLimit: { good: [false], bad: NOT_BOOLEANS },
  thresholds: { good: [{}, { minForced: 5 }], bad: ['x', 1, true, { nonsense: 1 }, { hasOwnProperty: 1 }] },
};

const THRESHOLDS = {
  minForced: { good: [4, 1e6], bad: [3, 4.5, 1e6 + 1, ...NOT_NUMBERS] },
  minNatural: { good: [4, 1e6], bad: [3, 4.5, 1e6 + 1, ...NOT_NUMBERS] },
  warmUp: { good: [0, 1e6], bad: [-1, 0.5, ...NOT_NUMBERS] },
  floorBytes: { good: [0, 1.5, 1e15], bad: [-1, 1e16, ...NOT_NUMBERS] },
  floorShare: { good: [0, 1], bad: [-0.1, 1.1, ...NOT_NUMBERS] },
  minRise: { good: [0, 1e15], bad: [-1, ...NOT_NUMBERS] },
  minRiseNatural: { good: [0, 1e15], bad: [-1, ...NOT_NUMBERS] },
  floorContexts: { good: [0, 0.5], bad: [-1, ...NOT_NUMBERS] },
  minContexts: { good: [0, 1e6], bad: [-1, ...NOT_NUMBERS] },
  confidence: { good: [0.5, 0.999999], bad: [0, 0.49, 1, ...NOT_NUMBERS] },
};

for (const [name, { good, bad }] of Object.entries(START)) {
  test(`start: ${name}`, (t) => {
    t.after(() => leakwatch.stop());
    for (const value of good) leakwatch.start({ [name]: value });
    for (const value of bad) {
      assert.throws(() => leakwatch.start({ [name]: value }), refused(), `${name}: ${String(value)}`);
    }
  });
}

for (const [name, { good, bad }] of Object.entries(THRESHOLDS)) {
  test(`thresholds: ${name}, in start and in trend`, (t) => {
    t.after(() => leakwatch.stop());
    for (const value of good) {
      leakwatch.start({ thresholds: { [name]: value } });
      leakwatch.trend({ thresholds: { [name]: value } });
    }
    for (const value of bad) {
      assert.throws(() => leakwatch.start({ thresholds: { [name]: value } }), refused(name));
      assert.throws(() => leakwatch.trend({ thresholds: { [name]: value } }), refused(name));
    }
  });
}

test('an undefined option is one that was not given', (t) => {
  t.after(() => leakwatch.stop());
  const all = Object.fromEntries(Object.keys(START).map((name) => [name, undefined]));
  assert.deepStrictEqual(leakwatch.start(all).options, {});
  leakwatch.trend({ thresholds: undefined });
});

test('unknown options are refused by name, with the known ones', () => {
  const cases = [
    () => leakwatch.start({ forceGCEvery: 1000 }),
    () => leakwatch.start({ constructor: 1 }),
    () => leakwatch.trend({ treshold: {} }),
    () => leakwatch.writeSnapshot('never-written', { compresss: 'gzip' }),
    () => leakwatch.snapshotOnSignal('SIGUSR2', { cooldwon: 1 }),
  ];
  for (const run of cases) assert.throws(run, (error) => refused()(error) && /known are/.test(error.message));
});

test('options must be a plain object', () => {
  // An array has no option's name, so it would be taken for no options at all.
  for (const value of ['x', 1, true, () => {}, [], [1]]) {
    assert.throws(() => leakwatch.start(value), refused(), `start(${JSON.stringify(value)})`);
    assert.throws(() => leakwatch.trend(value), refused(), `trend(${JSON.stringify(value)})`);
  }
  assert.throws(() => leakwatch.start({ thresholds: [] }), refused('thresholds'));
});

test('a refused start does not begin to watch', (t) => {
  t.after(() => leakwatch.stop());
  leakwatch.stop();
  leakwatch.reset();
  for (const bad of [{ window: 1 }, { snapshotSignal: 'SIGKILL' }, { snapshotSignal: 'SIGNOSUCH' }]) {
    assert.throws(() => leakwatch.start(bad), refused());
    const before = leakwatch.history().gcs.length;
    leakwatch.gc();
    assert.strictEqual(leakwatch.history().gcs.length, before, `watches after start(${JSON.stringify(bad)}) threw`);
  }
});

test('a refused start leaves the watching as it was', (t) => {
  t.after(() => leakwatch.stop());
  const watch = leakwatch.start({ window: 50 });
  assert.throws(() => leakwatch.start({ window: 60, snapshotSignal: 'SIGKILL' }), refused());
  assert.deepStrictEqual(watch.options, { window: 50 });
});

const SNAPSHOT = {
  compress: ['', 'br', 'GZIP', true, null, 1],
  redact: NOT_BOOLEANS,
  mode: ['', 'Fork', true, null],
  force: NOT_BOOLEANS,
  keepIds: NOT_BOOLEANS,
  exposeNumericValues: NOT_BOOLEANS,
};
const CALLS = {
  signal: [null, {}, true, 'SIGUSR2', { aborted: 1 }],
  onProgress: [null, {}, true, 'x'],
};
const SIGNAL = {
  path: NOT_STRINGS,
  cooldown: [-1, 24 * 3600 * 1000 + 1, Infinity, ...NOT_NUMBERS],
  max: [-1, 1.5, 1e6 + 1, ...NOT_NUMBERS],
  callback: [null, {}, true, 'x'],
};

for (const [name, bad] of Object.entries({ ...SNAPSHOT, ...CALLS })) {
  test(`writeSnapshot refuses: ${name}`, async (t) => {
    const target = `${folder(t)}/a`;
    for (const value of bad) {
      const options = { [name]: value };
      assert.throws(() => leakwatch.writeSnapshot(target, options), refused(name), String(value));
      await assert.rejects(leakwatch.promises.writeSnapshot(target, options), refused(name), String(value));
    }
  });
}

test('a callback that would never be called is refused', async (t) => {
  const target = `${folder(t)}/a`;
  const callback = () => assert.fail('called');
  await assert.rejects(leakwatch.promises.writeSnapshot(target, callback), refused('callback'));
  await assert.rejects(leakwatch.promises.writeSnapshot(target, {}, callback), refused('callback'));
  await assert.rejects(leakwatch.promises.writeSnapshot(callback), refused('callback'));
});

test('diff refuses a version of Node that is none', async () => {
  for (const nodeVersion of ['new', 'v', '20.x', '20.11.0.1', ...NOT_STRINGS]) {
    await assert.rejects(leakwatch.diff(['a', 'b'], { nodeVersion }), refused('nodeVersion'), String(nodeVersion));
  }
  for (const nodeVersion of ['20', 'v20.11', process.version, 'v26.0.0-nightly']) {
    await assert.rejects(leakwatch.diff(['/no/such/a', '/no/such/b'], { nodeVersion }), { code: 'ERR_LEAKWATCH_SNAPSHOT_IO' });
  }
});

for (const [name, bad] of Object.entries({ ...SNAPSHOT, ...SIGNAL })) {
  test(`snapshotOnSignal refuses: ${name}`, () => {
    for (const value of bad) {
      assert.throws(() => leakwatch.snapshotOnSignal('SIGUSR2', { [name]: value }), refused(name), String(value));
    }
    assert.strictEqual(process.listenerCount('SIGUSR2'), 0, 'nothing was installed');
  });
}

test('signals that cannot serve are refused, the first time and again', () => {
  // SIGKILL cannot be caught, SIGSEGV tells of a crash, SIGNOSUCH is none.
  for (const name of ['SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGNOSUCH', 'USR2', '', null, 12, 'SIGKILL']) {
    assert.throws(() => leakwatch.snapshotOnSignal(name), refused('signal'), String(name));
    if (typeof name === 'string') assert.strictEqual(process.listenerCount(name), 0, name);
  }
});

test('a refused registration leaves its callback out', needs('signalWhileBusy'), async (t) => {
  const told = [];
  assert.throws(() => leakwatch.snapshotOnSignal('SIGKILL', { callback: () => told.push('refused') }));
  const seen = new Promise((resolve) => {
    t.after(leakwatch.snapshotOnSignal('SIGUSR2', { path: `${folder(t)}/`, callback: resolve }));
  });
  // Watching keeps no process alive, and the test is to see the end of it.
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  process.kill(process.pid, 'SIGUSR2');
  assert.strictEqual(await seen, null);
  assert.deepStrictEqual(told, []);
});

test('tick takes a string or nothing', async () => {
  for (const label of [null, 1, {}, [], true, Symbol('x')]) {
    assert.throws(() => leakwatch.tick(label), refused('label'));
    await assert.rejects(leakwatch.promises.tick(label), refused('label'));
  }
});
