'use strict';
// Signals stay the app's: its handlers go on, its defaults come back.

const assert = require('assert');
const { test } = require('node:test');
const { capabilities, folder, needs, passes, run, text, wholeFiles } = require('./helper');

for (const order of ['before', 'after', 'before and after']) {
  test(`handlers the app installed ${order} go on being called`, async (t) => {
    const directory = folder(t);
    await passes(`
      let handled = 0, served = 0, expected = 0;
      const handler = () => handled++;
      const add = () => { process.on('SIGUSR2', handler); expected++; };
      if (${order.startsWith('before')}) add();
      const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0, callback: () => served++ });
      if (${order.endsWith('after')}) add();
      (async () => {
        for (let round = 1; round <= 3; round++) {
          kill();
          await wait(() => handled === round * expected && served === round);
        }
        dispose();
        kill();
        await wait(() => handled === 4 * expected);
        process.removeAllListeners('SIGUSR2');
        assert.strictEqual(served, 3);
      })();
    `);
    assert.strictEqual(wholeFiles(directory), 3);
  });
}

test('removeAllListeners takes neither the snapshots nor the process', async (t) => {
  // Without a listener Node gives the signal back to its default: to end the process.
  const directory = folder(t);
  await passes(`
    let served = 0;
    process.on('SIGUSR2', () => assert.fail('removed'));
    const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0, callback: () => served++ });
    (async () => {
      for (let round = 1; round <= 3; round++) {
        process.removeAllListeners('SIGUSR2');
        kill();
        await wait(() => served === round);
      }
      dispose();
      assert.strictEqual(process.listenerCount('SIGUSR2'), 0);
    })();
  `);
});

test('the app takes its handler away at once and the signal comes', async (t) => {
  const directory = folder(t);
  await passes(`
    let served = 0;
    const handler = () => {};
    const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0, callback: () => served++ });
    (async () => {
      for (let round = 1; round <= 3; round++) {
        process.on('SIGUSR2', handler);
        process.removeListener('SIGUSR2', handler);
        kill();
        await wait(() => served === round);
      }
      dispose();
    })();
  `);
});

test('once and prependListener work as ever', async (t) => {
  const directory = folder(t);
  await passes(`
    const calls = [];
    let served = 0;
    const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0, callback: () => served++ });
    process.once('SIGUSR2', (name, number) => calls.push('once', name, number));
    process.prependListener('SIGUSR2', () => calls.push('first'));
    (async () => {
      kill();
      await wait(() => served === 1 && calls.length >= 4);
      kill();
      await wait(() => served === 2 && calls.length >= 5);
      assert.deepStrictEqual(calls, ['first', 'once', 'SIGUSR2', require('os').constants.signals.SIGUSR2, 'first']);
      dispose();
      process.removeAllListeners('SIGUSR2');
    })();
  `);
});

test('dispose gives the signal back: its default ends the process', async () => {
  const { signal } = await run(`
    const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: '/nowhere/' });
    dispose();
    dispose();
    kill();
    setInterval(() => {}, 1000);
  `);
  assert.strictEqual(signal, 'SIGUSR2');
});

test('of two registrations each is disposed for itself', async (t) => {
  const directory = folder(t);
  const { signal, stdout } = await run(`
    let served = 0;
    const first = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0, callback: () => served++ });
    const second = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0 });
    (async () => {
      first();
      first();
      kill();
      await wait(() => fs.readdirSync(${text(directory)}).length === 1);
      process.stdout.write('served');
      second();
      kill();
      setInterval(() => {}, 1000);
    })();
  `);
  assert.deepStrictEqual([stdout, signal], ['served', 'SIGUSR2']);
});

test('several signals at a time', async (t) => {
  const directory = folder(t);
  await passes(`
    const told = [];
    const callback = (error, result) => told.push(result.cause);
    const ends = ['SIGUSR2', 'SIGHUP', 'SIGWINCH'].map((name) => leakwatch.snapshotOnSignal(name, { path: ${text(directory)}, callback: told.length ? undefined : callback }));
    (async () => {
      for (const name of ['SIGHUP', 'SIGUSR2', 'SIGWINCH']) {
        const before = told.length;
        kill(name);
        await wait(() => told.length > before && told.includes(name));
      }
      ends.forEach((end) => end());
    })();
  `);
  assert.strictEqual(wholeFiles(directory), 3);
});

test('an app’s handler for SIGTERM still ends the process', async (t) => {
  const directory = folder(t);
  const { code } = await run(`
    process.on('SIGTERM', () => process.exit(42));
    leakwatch.snapshotOnSignal('SIGTERM', { path: ${text(directory)} });
    kill('SIGTERM');
    setInterval(() => {}, 1000);
  `);
  assert.strictEqual(code, 42);
});

test('children start with the signals as they were', needs('signalWhileBusy'), async (t) => {
  // A handler is not inherited over exec, but a blocked signal would be.
  const directory = folder(t);
  await passes(`
    const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)} });
    const result = require('child_process').spawnSync(process.execPath, ['-e', 'process.kill(process.pid, "SIGUSR2"); setInterval(() => {}, 1000)']);
    assert.strictEqual(result.signal, 'SIGUSR2');
    dispose();
  `);
});

test('system calls are restarted, not cut short', needs('signalWhileBusy'), async (t) => {
  const directory = folder(t);
  await passes(`
    const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0, max: 0 });
    const parent = process.pid;
    const out = require('child_process').execFileSync(process.execPath, ['-e',
      'for (let i = 0; i < 20; i++) { process.kill(' + parent + ', "SIGUSR2"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); } console.log("whole")']);
    assert.strictEqual(String(out), 'whole\\n');
    dispose();
  `);
});

test('a worker is told that signals are the main thread’s, without native help', { skip: capabilities.signalWhileBusy.native && 'native help is here' }, async () => {
  await passes(`
    inWorker("assert.throws(() => leakwatch.snapshotOnSignal('SIGUSR2'), { code: 'ERR_LEAKWATCH_UNAVAILABLE' });");
  `);
});

test('a callback that throws is the app’s uncaught exception, and loses no one else theirs', async (t) => {
  const directory = folder(t);
  await passes(`
    const seen = [];
    process.on('uncaughtException', (error) => seen.push(error.message));
    const first = leakwatch.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0, callback: () => { throw new Error('mine'); } });
    const watch = leakwatch.start().on('snapshot', () => seen.push('told'));
    kill();
    wait(() => seen.length === 2).then(() => {
      assert.deepStrictEqual(seen.sort(), ['mine', 'told']);
      first();
      watch.stop();
    });
  `);
});
