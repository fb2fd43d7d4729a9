'use strict';
// A watched process ends as it would have unwatched: same code, signal and text.

const assert = require('assert');
const { test } = require('node:test');
const { assertNoRest, converse, files, folder, passes, run, text, wholeFiles } = require('./helper');

/** Watching with everything on that can be on. */
const WATCH = `
const watch = leakwatch.start({ forceGcEvery: 10, window: 8 });
for (const name of ['gc', 'baseline', 'leak', 'snapshot', 'error']) watch.on(name, () => {});
const dispose = leakwatch.snapshotOnSignal('SIGUSR2', { path: DIRECTORY, cooldown: 0, max: 0 });
leakwatch.tick();
churn();
`;

/** The same program, with a leakwatch that does nothing. */
const UNWATCHED = `
{
  const nothing = () => {};
  Object.assign(leakwatch, { stop: nothing, reset: nothing, tick: nothing, promises: { tick: async () => {} } });
}
const watch = { on() {} };
const dispose = () => {};
churn();
`;

const ENDINGS = {
  'by itself': '',
  'after some turns': 'setTimeout(() => {}, 50);',
  'process.exit(0)': 'process.exit(0);',
  'process.exit(3) from a timer': 'setTimeout(() => process.exit(3), 30);',
  'process.exit in exit': "process.on('exit', () => process.exit(4));",
  'process.exitCode': 'process.exitCode = 5;',
  'uncaught throw': "throw new Error('uncaught');",
  'uncaught throw later': "setTimeout(() => { throw new Error('later'); }, 30);",
  'unhandled rejection': "process.removeAllListeners('unhandledRejection'); Promise.reject(new Error('unhandled'));",
  'process.abort': 'process.abort();',
  SIGTERM: "kill('SIGTERM'); setInterval(() => {}, 1000);",
  SIGKILL: "kill('SIGKILL'); setInterval(() => {}, 1000);",
  SIGINT: "kill('SIGINT'); setInterval(() => {}, 1000);",
  'SIGHUP handled': "process.on('SIGHUP', () => process.exit(6)); kill('SIGHUP'); setInterval(() => {}, 1000);",
  'stop and dispose before': 'leakwatch.stop(); dispose(); leakwatch.reset();',
  'in the middle of promises.tick': 'leakwatch.promises.tick().then(() => console.log("told")); process.exit(7);',
  'promises.tick still pending': 'leakwatch.promises.tick();',
  'a tick in exit': "process.on('exit', () => { leakwatch.tick(); leakwatch.stop(); });",
  'stop in a gc event': "watch.on('gc', () => leakwatch.stop()); setTimeout(() => {}, 1200);",
};

for (const [name, ending] of Object.entries(ENDINGS)) {
  test(`ends as it would have: ${name}`, async (t) => {
    const directory = folder(t);
    const watched = await run(WATCH.replace('DIRECTORY', text(directory)) + ending);
    const plain = await run(UNWATCHED + ending);
    assert.deepStrictEqual(
      { code: watched.code, signal: watched.signal, stdout: watched.stdout },
      { code: plain.code, signal: plain.signal, stdout: plain.stdout },
      watched.stderr
    );
    const message = (stderr) => stderr.split('\n').filter((line) => /^Error: |^Uncaught/.test(line.trim()));
    assert.deepStrictEqual(message(watched.stderr), message(plain.stderr));
    assert.deepStrictEqual(files(directory), []);
  });
}

const HEAP = 'global.heap = Array.from({ length: 2e5 }, (_, i) => ({ i, text: "t" + i }));';

// Where a snapshot stands when the process ends: in V8's serialiser, or with
// the writing thread still at work.
const MOMENTS = {
  'in onProgress': (end) => `leakwatch.writeSnapshot(file, { onProgress: ({ phase, bytes }) => { if (phase === 'write' && bytes > 3e6) { ${end} } } });`,
  'while the rest is written': (end) => `leakwatch.promises.writeSnapshot(file, { compress: 'gzip' }); ${end}`,
};
const DEATHS = {
  'process.exit': 'process.exit(9);',
  SIGKILL: "process.kill(process.pid, 'SIGKILL');",
  SIGTERM: "process.kill(process.pid, 'SIGTERM');",
  abort: 'process.abort();',
};
for (const [moment, program] of Object.entries(MOMENTS)) {
  for (const [death, end] of Object.entries(DEATHS)) {
    test(`${death} ${moment} leaves no file that looks whole, and no rest`, async (t) => {
      const directory = folder(t);
      const { code, signal } = await run(
        `${HEAP} leakwatch.start(); const file = ${text(directory)} + '/a'; ${program(end)}`
      );
      assert.ok(code === 9 || signal, `${code} ${signal}`);
      wholeFiles(directory);
      assertNoRest(directory);
    });
  }
}

test('an uncaught throw while the rest is written leaves none', async (t) => {
  const directory = folder(t);
  const { code } = await run(
    `${HEAP} leakwatch.promises.writeSnapshot(${text(directory)}, { compress: 'gzip' }); throw new Error('x');`
  );
  assert.strictEqual(code, 1);
  wholeFiles(directory);
  assertNoRest(directory);
});

test('a promise still pending keeps the process until the file is whole', async (t) => {
  const directory = folder(t);
  await passes(`${HEAP} leakwatch.promises.writeSnapshot(${text(directory)}, { compress: 'gzip' });`);
  assert.strictEqual(wholeFiles(directory), 1);
  assertNoRest(directory);
});

test('SIGKILL from outside at any moment', async (t) => {
  // The parent kills when the child says that writing has begun.
  const directory = folder(t);
  for (let round = 0; round < 3; round++) {
    const { signal } = await converse(
      `${HEAP}
      process.send('ready');
      process.on('message', () => {});
      (async () => { for (;;) { const p = leakwatch.promises.writeSnapshot(${text(directory)}); process.send('begun'); await p; } })();`,
      (message, child) => message === 'begun' && child.kill('SIGKILL')
    );
    assert.strictEqual(signal, 'SIGKILL');
  }
  wholeFiles(directory);
  assertNoRest(directory);
});

test('watching with everything on keeps nothing alive', async (t) => {
  // The child has nothing else to do: if this hangs, a timer or handle of ours is ref'd.
  const directory = folder(t);
  const options = `{ forceGcEvery: 10, snapshotSignal: 'SIGUSR2', nearHeapLimit: true, onLeak: 'capture', snapshotDir: ${text(directory)} }`;
  await passes(`
    const watch = leakwatch.start(${options});
    watch.on('error', () => {}).on('gc', () => {}).on('snapshot', () => {});
    leakwatch.tick();
    leakwatch.start({ forceGcEvery: 100000 });
    leakwatch.snapshotOnSignal('SIGHUP', { callback() {} });
  `);
});

test('what is told at the end is told to beforeExit and exit', async () => {
  await passes(`
    const watch = leakwatch.start();
    leakwatch.tick('last');
    const seen = [];
    watch.on('baseline', (baseline) => seen.push(baseline.label));
    process.on('exit', () => {
      leakwatch.stop();
      assert.deepStrictEqual(seen, ['last']);
      assert.strictEqual(leakwatch.trend().ticks, 1);
    });
  `);
});
