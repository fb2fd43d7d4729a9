'use strict';
// Workers that are watched and end: each its own isolate, none of them safe.

const assert = require('assert');
const { test } = require('node:test');
const { assertNoRest, capabilities, folder, needs, passes, text, wholeFiles } = require('./helper');

const LIFE = `leakwatch.start({ window: 8 }); leakwatch.tick('worker');`;

test('a worker is watched by itself', async (t) => {
  const directory = folder(t);
  await passes(`
    leakwatch.start({ window: 20 });
    leakwatch.tick('main');
    const worker = inWorker(\`
      assert.deepStrictEqual(leakwatch.history().baselines, []);
      const baseline = leakwatch.tick('worker');
      assert.strictEqual(baseline.index, 0);
      assert.deepStrictEqual(leakwatch.start({ window: 9 }).options, { window: 9 });
      assert.strictEqual(leakwatch.stats().heap.heapSizeLimit, require('v8').getHeapStatistics().heap_size_limit);
      const file = leakwatch.writeSnapshot(${text(directory)} + '/{tid}');
      assert.strictEqual(path.basename(file), String(threadId));
      leakwatch.promises.writeSnapshot(${text(directory)} + '/later-{tid}').then((result) => parentPort.postMessage(result.path));
    \`);
    worker.once('message', (file) => {
      assert.strictEqual(path.basename(file), 'later-' + worker.threadId);
      assert.deepStrictEqual(leakwatch.history().baselines.map((b) => b.label), ['main']);
      assert.deepStrictEqual(leakwatch.start().options, { window: 20 });
    });
  `);
  assert.strictEqual(wholeFiles(directory), 2);
});

test('capabilities are the same in a worker', async () => {
  await passes(`
    inWorker('parentPort.postMessage(leakwatch.capabilities());').once('message', (found) => {
      assert.deepStrictEqual(found, leakwatch.capabilities());
    });
  `);
});

const ENDS = {
  'by itself': '',
  'process.exit': 'process.exit(3);',
  throw: "throw new Error('worker');",
  'a rejection': "Promise.reject(new Error('worker'));",
  'stop before': 'leakwatch.stop();',
  'a tick in exit': "process.on('exit', () => { leakwatch.tick(); leakwatch.stop(); });",
  'process.exit in a GC event': "leakwatch.start().on('gc', () => process.exit(3)); leakwatch.gc(); setInterval(() => {}, 100);",
  'process.exit in onProgress': 'leakwatch.writeSnapshot(workerData, { onProgress: () => process.exit(3) });',
  'process.exit while the rest is written': 'leakwatch.promises.writeSnapshot(workerData); process.exit(3);',
  'throw while a tick is settling': "leakwatch.promises.tick(); throw new Error('worker');",
};
for (const [name, end] of Object.entries(ENDS)) {
  test(`a worker ends: ${name}`, async (t) => {
    const directory = folder(t);
    const { stdout } = await passes(`
      leakwatch.start();
      (async () => {
        for (let round = 0; round < 3; round++) {
          const worker = inWorker(${text(LIFE + end)}, { workerData: ${text(directory)} });
          worker.on('error', (error) => assert.strictEqual(error.message, 'worker'));
          await new Promise((resolve) => worker.on('exit', resolve));
        }
        leakwatch.tick('after');
        console.log('done');
      })();
    `);
    assert.strictEqual(stdout, 'done\n');
    wholeFiles(directory);
    assertNoRest(directory);
  });
}

const BUSY = {
  'in JavaScript': 'for (;;);',
  'in GCs': 'for (;;) leakwatch.gc();',
  'in minor GCs': 'for (;;) { let k; for (let i = 0; i < 1e5; i++) k = { i }; }',
  'in ticks': 'for (;;) leakwatch.tick();',
  'in snapshots': 'for (;;) leakwatch.writeSnapshot(workerData);',
  'in snapshots with progress': 'for (;;) leakwatch.writeSnapshot(workerData, { onProgress() {} });',
  'in promised snapshots': '(async () => { for (;;) await leakwatch.promises.writeSnapshot(workerData); })();',
  'in settling ticks': '(async () => { for (;;) await leakwatch.promises.tick(); })();',
  'in forced ticks': "leakwatch.start({ forceGcEvery: 10 });",
  idle: 'setInterval(() => {}, 1000);',
};
for (const [name, busy] of Object.entries(BUSY)) {
  test(`terminated ${name}`, async (t) => {
    const directory = folder(t);
    await passes(`
      leakwatch.start();
      (async () => {
        for (let round = 0; round < 3; round++) {
          const worker = inWorker(${text(`${LIFE} parentPort.postMessage('ready'); ${busy}`)}, { workerData: ${text(directory)} });
          worker.on('error', (error) => { throw error; });
          await new Promise((resolve) => worker.once('message', resolve));
          for (let i = 0; i < round; i++) await new Promise((resolve) => setTimeout(resolve, 20));
          await worker.terminate();
        }
        leakwatch.tick();
      })();
    `);
    wholeFiles(directory);
    assertNoRest(directory);
  });
}

test('what a worker asked for in both ways ends with it: the next at its address begins anew', needs('statistics'), async () => {
  await passes(`
    const code = \`
      const again = () => {
        for (const name of Object.keys(require.cache)) if (name.startsWith(ROOT) && !name.endsWith('.node')) delete require.cache[name];
        return require(ROOT);
      };
      leakwatch.tick();
      process.env.LEAKWATCH_NATIVE_V8 = 'on';
      const native = again();
      const kept = native.history();
      native.start();
      native.tick();
      parentPort.postMessage(kept.baselines.length + kept.gcs.length);\`;
    // The first load is the fallback's, in the same environment.
    process.env.LEAKWATCH_NATIVE_V8 = 'off';
    (async () => {
      for (let round = 0; round < 12; round++) {
        const worker = inWorker(code);
        const [kept] = await Promise.all([
          new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject)),
          new Promise((resolve) => worker.on('exit', resolve)),
        ]);
        assert.strictEqual(kept, 0, 'round ' + round);
      }
    })();
  `);
});

test('5 rounds of 20 workers terminated, with signals in between', async (t) => {
  // dd-trace's teardown test: state keyed by a dead isolate's address shows here.
  const directory = folder(t);
  const signal = capabilities.signalWhileBusy.native;
  await passes(`
    leakwatch.start();
    const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0, max: 0 });
    (async () => {
      for (let round = 0; round < 5; round++) {
        const workers = Array.from({ length: 20 }, (_, n) => inWorker(${text(LIFE)} + (n % 2 ? 'for (;;);' : 'setInterval(() => leakwatch.gc(), 1);')));
        await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('online', resolve))));
        if (${signal} && round === 3) kill();
        await Promise.all(workers.map((worker, n) => n < 15 ? worker.terminate() : null));
        leakwatch.tick(String(round));
        await Promise.all(workers.map((worker) => worker.terminate()));
      }
      dispose();
      leakwatch.stop();
    })();
  `);
  wholeFiles(directory);
  assertNoRest(directory);
});

test('the process ends while workers are at work', async (t) => {
  const directory = folder(t);
  for (const how of ['process.exit(0)', "kill('SIGTERM')"]) {
    const { run } = require('./helper');
    const result = await run(`
      const workers = Array.from({ length: 4 }, () => inWorker(
        ${text(`${LIFE} parentPort.postMessage('ready'); for (;;) leakwatch.writeSnapshot(workerData);`)}, { workerData: ${text(directory)} }));
      leakwatch.start();
      Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve)))).then(() => { ${how}; });
    `);
    if (how.startsWith('process')) assert.deepStrictEqual([result.code, result.signal], [0, null], result.stderr);
    else assert.strictEqual(result.signal, 'SIGTERM', result.stderr);
  }
  assertNoRest(directory);
});

test('loaded in a worker alone, which ends', async (t) => {
  // Node unloads the library then: no thread, hook or handler of ours may be left in it.
  const directory = folder(t);
  const { spawnSync } = require('child_process');
  const { ROOT } = require('./helper');
  const script = `
    const { Worker } = require('worker_threads');
    const once = () => new Promise((resolve, reject) => {
      const worker = new Worker(\`
        const leakwatch = require(${text(ROOT)});
        leakwatch.start({ forceGcEvery: 10, nearHeapLimit: true }).on('error', () => {});
        if (leakwatch.capabilities().signalWhileBusy.native) leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0 });
        leakwatch.tick();
        leakwatch.writeSnapshot(${text(directory)});
        leakwatch.promises.writeSnapshot(${text(directory)});
      \`, { eval: true });
      worker.on('error', reject).on('exit', resolve);
    });
    const churn = () => { let k; for (let i = 0; i < 1e6; i++) k = { i }; return k; };
    (async () => {
      for (let i = 0; i < 5; i++) { await once(); churn(); }
      process.on('SIGUSR2', () => {});
      process.kill(process.pid, 'SIGUSR2');
      await new Promise((resolve) => setTimeout(resolve, 600));
      churn();
    })();`;
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.deepStrictEqual([status, signal], [0, null], stderr);
  wholeFiles(directory);
  assertNoRest(directory);
});

test('the signal is given back when the worker that asked for it ends', needs('signalWhileBusy'), async () => {
  const { run } = require('./helper');
  const { signal } = await run(`
    const worker = inWorker("leakwatch.snapshotOnSignal('SIGUSR2', { path: '/nowhere/' });");
    worker.on('exit', () => { kill(); setInterval(() => {}, 1000); });
  `);
  assert.strictEqual(signal, 'SIGUSR2', 'its default is to end the process');
});
