'use strict';
// A copy of the process at work, and whoever wanted it gives up or is gone: it dies, and leaves nothing.

const assert = require('assert');
const fs = require('fs');
const { test } = require('node:test');
const { FORK, child } = require('./copies');
const { assertNoRest, files, folder, needs, passes, run, text, until, wholeFiles } = require('./helper');

const here = needs('fork');

/** Begins what makes a copy, and stops the copy in the middle of its work: `{pid, taken}`. */
const CAUGHT = `
globalThis.heap = Array.from({ length: 300000 }, (_, n) => ({ n }));
const caught = async (begin) => {
  for (;;) {
    let isOver = false;
    const taken = begin();
    taken.catch(() => {}).then(() => { isOver = true; });
    await wait(() => copy() || isOver);
    const pid = Number(copy());
    if (pid && (await stopped(pid))) return { pid, taken };
    // It was done, or came to nothing, before it was seen.
    await wait(() => isOver);
  }
};
const refusedWith = (code) => (error) => {
  assert.strictEqual(error.code, code, error.message);
  assert.ok(error.message.includes('nothing was left behind'), error.message);
  return true;
};
`;
const caught = (script) => child(`${CAUGHT} ${script}`);

/** Whether a process runs; one that nobody has reaped yet does not. */
function isAlive(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch (_) {
    return false;
  }
}

const CALLS = {
  'promises.writeSnapshot': 'leakwatch.promises.writeSnapshot(DIRECTORY, { force: true, ...options })',
  'promises.capture': 'leakwatch.promises.capture({ force: true, ...options })',
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name}: stop(), an AbortSignal and a timeout end the copy`, here, async (t) => {
    const directory = folder(t);
    await caught(`
      const begin = (options) => () => ${call.replace('DIRECTORY', text(directory))};
      {
        const { taken } = await caught(begin());
        leakwatch.stop();
        await assert.rejects(taken, refusedWith('ERR_LEAKWATCH_ABORTED'));
        await taken.catch(({ message }) => assert.ok(message.includes('stop()'), message));
      }
      {
        const controller = new AbortController();
        const { taken } = await caught(begin({ signal: controller.signal }));
        controller.abort();
        await assert.rejects(taken, refusedWith('ERR_LEAKWATCH_ABORTED'));
      }
      // One that is stopped shows no sign of anything: only the time tells.
      let timeout = 1000;
      const { taken } = await caught(() => { timeout *= 2; return begin({ timeout })(); });
      await assert.rejects(taken, refusedWith('ERR_LEAKWATCH_TIMED_OUT'));
      assert.deepStrictEqual(children(), []);
      assert.deepStrictEqual(fs.readdirSync(${text(directory)}), []);
      // What ended one call ends no later one.
      await begin()();
    `);
    wholeFiles(directory);
    assertNoRest(directory);
  });
}

test('stop() ends what a signal began as well, and says nothing of it', here, async (t) => {
  const directory = folder(t);
  const { stderr } = await caught(`
    const keep = setInterval(() => {}, 1000);
    const watch = leakwatch.start();
    watch.on('error', (error) => assert.fail(error));
    for (let isCaught = false; !isCaught; ) {
      let isTold = false;
      leakwatch.start({ snapshotSignal: 'SIGUSR2', snapshotDir: ${text(directory)} });
      watch.once('snapshot', () => { isTold = true; });
      kill();
      await wait(() => copy() || isTold);
      isCaught = Boolean(copy()) && (await stopped(Number(copy())));
      if (!isCaught) await wait(() => isTold);
      leakwatch.stop();
    }
    await wait(() => children().length === 0);
    clearInterval(keep);
  `);
  assert.strictEqual(stderr, '');
  wholeFiles(directory);
  assertNoRest(directory);
});

const ENDS = {
  'kill -9': ["process.kill(process.pid, 'SIGKILL');", { code: null, signal: 'SIGKILL' }],
  'process.exit()': ['process.exit(3);', { code: 3, signal: null }],
  'an uncaught exception': ["setTimeout(() => { throw new Error('uncaught'); });", { code: 1, signal: null }],
  'process.abort()': ['process.abort();', { code: null, signal: 'SIGABRT' }],
};

for (const [name, [end, expected]] of Object.entries(ENDS)) {
  test(`${name} while a copy is at work: it dies too, and leaves no file`, here, async (t) => {
    const directory = folder(t);
    const { code, signal, stdout, stderr } = await run(`${FORK} ${CAUGHT}
      caught(() => leakwatch.promises.writeSnapshot(${text(directory)} + '/caught', { mode: 'fork', force: true })).then(({ pid }) => {
        // Earlier ones, which were too quick to be seen.
        fs.rmSync(${text(directory)} + '/caught', { force: true });
        fs.writeSync(1, String(pid));
        ${end}
      });`);
    assert.deepStrictEqual({ code, signal }, expected, stderr);
    assert.ok(Number(stdout) > 0, stdout);
    await until(() => !isAlive(stdout));
    assert.deepStrictEqual(files(directory), []);
  });
}

/** A worker that takes one snapshot after another, each under the same name, until a copy of it has been caught. */
const WORKER = `
  const worker = inWorker(\`
    globalThis.heap = Array.from({ length: 300000 }, (_, n) => ({ n }));
    const again = () => leakwatch.promises.writeSnapshot(workerData + '/caught', { force: true }).catch(() => {}).then(again);
    again();\`, { workerData: DIRECTORY });
  let pid = 0;
  while (!(pid && (await stopped(pid)))) {
    await wait(copy);
    pid = Number(copy());
  }
`;

test('worker.terminate() while a copy is at work: it dies, and the process goes on', here, async (t) => {
  const directory = folder(t);
  await child(`
    ${WORKER.replace('DIRECTORY', text(directory))}
    await worker.terminate();
    await wait(() => children().length === 0);
    fs.rmSync(${text(directory)} + '/caught', { force: true });
    await forked(${text(directory)} + '/main');
    assert.deepStrictEqual(fs.readdirSync(${text(directory)}), ['main']);
  `);
  assert.strictEqual(wholeFiles(directory), 1);
});

test('kill -9 while a copy of a worker is at work: it dies too', here, async (t) => {
  const directory = folder(t);
  const { signal, stdout } = await run(`${FORK} (async () => {
    ${WORKER.replace('DIRECTORY', text(directory))}
    fs.writeSync(1, String(pid));
    process.kill(process.pid, 'SIGKILL');
  })();`);
  assert.strictEqual(signal, 'SIGKILL');
  await until(() => !isAlive(stdout));
  wholeFiles(directory);
  assertNoRest(directory);
});

test('no capture changes a flag of V8’s, in the service or for what starts later', here, async (t) => {
  const directory = folder(t);
  await passes(`${FORK}
    const v8 = require('v8'), vm = require('vm');
    // V8 takes code from a cache only if the flags are the same: a hash of all of them is the cache's fourth word.
    const script = new vm.Script('function f(n) { return n + 1 } f(41)');
    const hash = () => script.createCachedData().readUInt32LE(12);
    const seen = () => ({
      hash: hash(),
      gc: typeof globalThis.gc,
      gcElsewhere: vm.runInNewContext('typeof gc'),
      arguments: [process.execArgv, process.env.NODE_OPTIONS],
      limit: v8.getHeapStatistics().heap_size_limit,
    });
    (async () => {
      const before = seen();
      v8.setFlagsFromString('--no-lazy');
      assert.notStrictEqual(hash(), before.hash, 'a flag that changes is seen');
      v8.setFlagsFromString('--lazy');
      assert.strictEqual(hash(), before.hash);
      await forked(${text(directory)});
      assert.deepStrictEqual(seen(), before);
      await leakwatch.promises.capture({ mode: 'fork' }).catch((error) => {
        if (error.code !== 'ERR_LEAKWATCH_FORK_FAILED') throw error;
      });
      assert.deepStrictEqual(seen(), before);
      leakwatch.writeSnapshot(${text(directory)});
      leakwatch.tick();
      assert.deepStrictEqual(seen(), before);
      const worker = inWorker("parentPort.postMessage(typeof gc + require('vm').runInNewContext('typeof gc'))");
      assert.strictEqual(await new Promise((resolve) => worker.once('message', resolve)), 'undefinedundefined');
    })();
  `);
});
