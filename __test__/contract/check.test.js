'use strict';
// check(): what leaks is found, and nothing else. A false alarm is the worst defect.

const assert = require('assert');
const { spawnSync } = require('child_process');
const EventEmitter = require('events');
const fs = require('fs');
const vm = require('vm');
const { Worker } = require('worker_threads');
const { test } = require('node:test');
const { ROOT, failsWith, folder, leakwatch, refused } = require('./helper');

/** Far more than any needs: what is measured must not depend on how busy the machine is. */
const PATIENT = { timeMs: 120000 };
const check = (fn, options) => leakwatch.check(fn, { ...PATIENT, suspects: false, ...options });

const LEAKS = {
  'an object': ['heap', (kept) => () => kept.push({})],
  'an object, asynchronously': ['heap', (kept) => async () => void kept.push({ a: await 1 })],
  'a small Buffer': ['heap', (kept) => () => kept.push(Buffer.alloc(64))],
  'a large Buffer': ['external', (kept) => () => kept.push(Buffer.alloc(20000))],
  'a vm context': ['contexts', (kept) => () => kept.push(vm.createContext({}))],
  'a listener': ['heap', (kept) => {
    const emitter = new EventEmitter().setMaxListeners(0);
    kept.push(emitter);
    return () => emitter.on('event', () => {});
  }],
  'a timer': ['heap', (kept) => () => kept.push(setTimeout(() => {}, 2 ** 30).unref())],
  'an entry of a Map': ['heap', (kept) => {
    const map = new Map();
    kept.push(map);
    return () => map.set(map.size, 1);
  }],
  'a closure that holds the one before': ['heap', (kept) => () => {
    const [before] = kept;
    kept[0] = () => before;
  }],
};

for (const [name, [channel, make]] of Object.entries(LEAKS)) {
  test(`one of these for each call is a leak: ${name}`, async () => {
    const kept = [];
    const result = await check(make(kept));
    for (const timer of kept) if (timer && timer.hasRef) clearTimeout(timer);
    assert.strictEqual(result.verdict, 'leaking', JSON.stringify(result, null, 1));
    assert.strictEqual(result.leaking, true);
    assert.strictEqual(result.channel, channel, result.reason);
    assert.ok(result.low <= result.bytesPerIteration && result.bytesPerIteration <= result.high);
    assert.ok(result.bytesPerIteration > 7, result.reason);
    assert.strictEqual(result.iterations, result.rounds.reduce((sum, round) => sum + round.iterations, 0));
    if (channel === 'contexts') assert.ok(Math.abs(result.contextsPerIteration - 1) < 0.05);
    if (name === 'a large Buffer') assert.ok(Math.abs(result.bytesPerIteration - 20000) < 500, result.reason);
  });
}

const lru = (capacity) => {
  const map = new Map();
  let at = 0;
  return () => {
    map.set(`key ${at++}`, { at });
    if (map.size > capacity) map.delete(map.keys().next().value);
  };
};
const counter = (body) => {
  let at = 0;
  return () => body(at++);
};

const CONTROLS = {
  nothing: () => () => {},
  'what becomes garbage': () => () => JSON.stringify({ a: [1, 2, 3] }),
  'promises that settle': () => async () => void (await Promise.all([1, 2].map(async (x) => x))),
  'a cache of 1,000': () => lru(1000),
  'a cache of 50,000': () => lru(50000),
  'a list that is swept': () => {
    let list = [];
    return () => void (list.push({}) > 5000 && (list = []));
  },
  'something loaded late': () => {
    let table = null;
    return counter((at) => {
      if (at === 9000) table = Array.from({ length: 1e5 }, (_, i) => ({ i }));
      return table;
    });
  },
  'regular expressions made anew': () => counter((at) => new RegExp(`a${at}b`).test('xa1bx')),
  'code compiled anew': () => counter((at) => new Function(`return ${at}`)()),
  'scripts compiled anew': () => counter((at) => new vm.Script(`${at}`).runInThisContext()),
  'vm contexts that are let go': () => () => vm.runInNewContext('1'),
  'numbers turned to strings': () => counter((at) => String(at * 1.5)),
  'errors with stacks': () => () => new Error('text').stack.length,
  'timers that fire': () => () => new Promise((resolve) => setImmediate(resolve)),
  'files asked about, not waited for': () => () => fs.stat(ROOT, () => {}),
  'console.log to a file': () => {
    const { Console } = require('console');
    const printer = new Console(fs.createWriteStream('/dev/null'));
    return () => printer.log('text', { a: 1 });
  },
};

for (const [name, make] of Object.entries(CONTROLS)) {
  test(`no leak: ${name}`, async () => {
    // A slow function may not use up all the patience there is.
    const result = await check(make(), { timeMs: 20000 });
    assert.notStrictEqual(result.verdict, 'leaking', JSON.stringify(result, null, 1));
    assert.strictEqual(result.leaking, false);
    assert.deepStrictEqual(result.suspects, []);
    assert.ok(result.reason.length > 20, result.reason);
  });
}

test('a leak comes with what holds it, in an error', async (t) => {
  const directory = folder(t);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = directory;
  t.after(() => (before === undefined ? delete process.env.TMPDIR : (process.env.TMPDIR = before)));
  const keptByTheTest = [];
  class Session {}
  const leaks = () => keptByTheTest.push(new Session());
  await assert.rejects(
    leakwatch.assertNoLeak(leaks, PATIENT),
    failsWith('ERR_LEAKWATCH_LEAK', (error) => {
      assert.strictEqual(error.result.verdict, 'leaking');
      assert.strictEqual(error.suspects, error.result.suspects);
      assert.strictEqual(error.result.suspectsMissing, null);
      assert.match(error.suspects[0].sentence, /keptByTheTest/);
      assert.ok(error.message.includes(error.suspects[0].sentence), error.message);
    })
  );
  // Snapshots hold secrets.
  assert.deepStrictEqual(fs.readdirSync(directory), []);
});

test('assertNoLeak hands the result on', async () => {
  const result = await leakwatch.assertNoLeak(() => {}, PATIENT);
  assert.strictEqual(result.verdict, 'steady', result.reason);
});

test('history and watching are left alone', async () => {
  leakwatch.reset();
  await check(() => {}, { rounds: 5, iterations: 10 });
  assert.deepStrictEqual(leakwatch.history().baselines, []);
});

test('rounds grow from the length that was asked for', async () => {
  const { rounds, stoppedBy } = await check(() => {}, { rounds: 6, iterations: 4, warmUp: 0 });
  assert.deepStrictEqual(rounds.map((round) => round.iterations), [4, 10, 25, 63, 158, 395]);
  assert.strictEqual(stoppedBy, 'rounds');
});

test('too little time is no verdict', async () => {
  const slow = () => new Promise((resolve) => setTimeout(resolve, 50));
  const { verdict, stoppedBy } = await leakwatch.check(slow, { timeMs: 1 });
  assert.deepStrictEqual([verdict, stoppedBy], ['insufficient', 'time']);
});

test('errors of the function are the caller’s', async () => {
  const mine = new TypeError('mine');
  await assert.rejects(check(() => { throw mine; }), (error) => error === mine);
  await assert.rejects(check(async () => { throw mine; }), (error) => error === mine);
});

test('an abort ends it, also while the function hangs', async () => {
  const aborted = failsWith('ERR_LEAKWATCH_ABORTED');
  await assert.rejects(check(() => {}, { signal: AbortSignal.abort() }), aborted);
  const controller = new AbortController();
  const hangs = () => {
    setImmediate(() => controller.abort());
    return new Promise(() => {});
  };
  await assert.rejects(check(hangs, { signal: controller.signal }), aborted);
  assert.strictEqual((await check(() => {})).verdict, 'steady');
});

test('one at a time', async () => {
  const first = check(() => {}, { rounds: 5, iterations: 1 });
  await assert.rejects(check(() => {}), failsWith('ERR_LEAKWATCH_BUSY'));
  await first;
});

test('what is no function and no option is refused', async () => {
  for (const bad of [undefined, null, 1, {}]) await assert.rejects(leakwatch.check(bad), refused('fn'));
  const options = { iterations: 0, rounds: 4, warmUp: -1, timeMs: 0, suspects: 1, thresholds: { x: 1 }, signal: {} };
  for (const [name, value] of Object.entries(options)) {
    await assert.rejects(leakwatch.check(() => {}, { [name]: value }), refused(name === 'thresholds' ? 'x' : name));
  }
});

test('in a worker thread', async () => {
  const code = `
    const leakwatch = require(${JSON.stringify(ROOT)});
    const { parentPort } = require('worker_threads');
    const kept = [];
    const run = async () => [
      await leakwatch.check(() => kept.push({}), { timeMs: 120000, suspects: false }),
      await leakwatch.check(() => console.log('text'), { timeMs: 20000, suspects: false }),
    ];
    run().then((results) => parentPort.postMessage(results.map((result) => result.verdict + ': ' + result.reason)));`;
  const worker = new Worker(code, { eval: true, stdout: true });
  worker.stdout.resume();
  const [leaks, prints] = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
  await worker.terminate();
  assert.match(leaks, /^leaking/);
  assert.doesNotMatch(prints, /^leaking/);
});

test('the matcher', async () => {
  const { toLeak } = require('../../matchers');
  const kept = [];
  const found = await toLeak(() => kept.push({}), { ...PATIENT, suspects: false });
  assert.strictEqual(found.pass, true);
  assert.match(found.message(), /leaks: the JS heap grows by/);
  const clean = await toLeak(() => {}, PATIENT);
  assert.strictEqual(clean.pass, false);
  assert.match(clean.message(), /does not/);
});

/** What a process with a small heap prints: V8 ends one whose heap is full, and nobody could catch that. */
function inSmallHeap(program) {
  const args = ['--max-old-space-size=16', '-e', `const leakwatch = require(${JSON.stringify(ROOT)}); ${program}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.strictEqual(status, 0, stderr);
  return stdout.trim();
}

test('a small heap is not filled by a function that keeps 8 kB for each call', () => {
  const verdict = inSmallHeap(`
    const kept = [];
    leakwatch.check(() => kept.push(new Array(1000).fill(0)), { suspects: false, timeMs: 60000 }).then(({ verdict }) => console.log(verdict));
  `);
  assert.match(verdict, /^(leaking|growing|insufficient)$/);
});

test('a heap with no room left is an error that says what to do', () => {
  const told = inSmallHeap(`
    const full = 0.74 * 16 * 2 ** 20;
    const kept = [];
    for (let used = 0; used < full; used = leakwatch.stats().heap.usedHeapSize) {
      for (let i = 0; i < 8; i++) kept.push(new Array(1000).fill(0));
      leakwatch.gc();
    }
    leakwatch.check(() => {}).catch(({ code, message }) => console.log(code, message));
  `);
  assert.match(told, /^ERR_LEAKWATCH_NOT_ENOUGH_MEMORY check\(\) has no room: .*--max-old-space-size/);
});
