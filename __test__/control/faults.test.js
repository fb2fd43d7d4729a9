'use strict';
// What goes wrong in production, while it is asked and while it writes: nothing
// half is left, nothing ends that should not, and errors say what to do.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const {
  assertNoRest, client, directory, fileOf, files, folder, mounted, needsMounts, passes, raw, run, served, text, until, wholeFiles,
} = require('./helper');

const posix = process.platform === 'win32' ? { skip: 'signals are of POSIX' } : {};
const HEAP = 'global.heap = Array.from({ length: 5e4 }, (_, i) => ({ i, text: "t" + i }));';

/** Where in its writing a snapshot is when the process is killed. */
const KILL = "process.kill(process.pid, 'SIGKILL');";
const MOMENTS = {
  'before the first byte': (options) => `leakwatch.writeSnapshot(file, { ...${options}, onProgress: ({ phase }) => { if (phase === 'build') { ${KILL} } } });`,
  'at the first chunk': (options) => `leakwatch.writeSnapshot(file, { ...${options}, onProgress: ({ bytes }) => { if (bytes > 0) { ${KILL} } } });`,
  'in the middle': (options) => `leakwatch.writeSnapshot(file, { ...${options}, onProgress: ({ bytes }) => { if (bytes > 4e6) { ${KILL} } } });`,
  'while the rest is written': (options) => `leakwatch.promises.writeSnapshot(file, ${options}); ${KILL}`,
  'a turn later': (options) => `leakwatch.promises.writeSnapshot(file, ${options}); setImmediate(() => { ${KILL} }); setInterval(() => {}, 1000);`,
};

for (const compress of [false, 'gzip', 'zstd']) {
  test(`kill -9 while a snapshot is written, compress: ${compress}: a whole file or none`, posix, async (t) => {
    for (const [moment, program] of Object.entries(MOMENTS)) {
      const target = folder(t);
      const { signal, stderr } = await run(`${HEAP} const file = ${text(path.join(target, 'x.heapsnapshot'))}; ${program(text({ compress }))}`);
      assert.strictEqual(signal, 'SIGKILL', `${moment}: ${stderr}`);
      wholeFiles(target);
      assertNoRest(target);
    }
  });
}

test('kill -9 while it is asked: the one who asked is told, the next start tidies up', posix, async (t) => {
  const control = directory(t);
  const target = folder(t);
  const child = await served(t, control, `${HEAP} setInterval(() => {}, 1000);`);
  const file = fileOf(control, child.pid);
  const asked = client.ask(file, 'snapshot', { path: target + path.sep }, { timeout: 0 });
  child.kill('SIGKILL');
  await assert.rejects(asked, { code: 'ERR_LEAKWATCH_CONTROL_UNREACHABLE' });
  await child.gone;
  await assert.rejects(client.ask(file, 'status'), (error) => error.code === 'ERR_LEAKWATCH_CONTROL_UNREACHABLE' && /has ended/.test(error.message));
  wholeFiles(target);
  assertNoRest(target);
  assert.deepStrictEqual(await client.list(control), []);
  assert.deepStrictEqual(files(control), []);
});

test('a full disk: told to the one who asked, with the figures; the service goes on', needsMounts, async (t) => {
  const control = directory(t);
  const disk = folder(t);
  await passes(`
    const { ask, find } = require(path.join(ROOT, 'lib', 'control', 'client'));
    const control = ${text(control)}, disk = ${text(disk)} + '/';
    (async () => {
      leakwatch.start({ control });
      const file = find(process.pid, control);
      const early = await ask(file, 'snapshot', { path: disk }).catch((error) => error);
      assert.strictEqual(early.code, 'ERR_LEAKWATCH_NOT_ENOUGH_DISK');
      assert.ok(early.needed > early.available, JSON.stringify(early));
      const late = await ask(file, 'snapshot', { path: disk, force: true }).catch((error) => error);
      assert.strictEqual(late.code, 'ERR_LEAKWATCH_DISK_FULL');
      assert.ok(late.message.includes(disk), late.message);
      assert.deepStrictEqual(fs.readdirSync(disk), []);
      assert.strictEqual((await ask(file, 'status')).pid, process.pid);
      assert.ok((await ask(file, 'baseline')).heapUsed > 0);
    })();
  `, { wrap: mounted(`mount -t tmpfs -o size=1m tmpfs '${disk}'`) });
});

test('a control directory on a full disk: said, and the program runs', needsMounts, async (t) => {
  const disk = folder(t);
  const { stdout, stderr } = await passes("console.log('ran');", {
    args: ['--require', path.join(__dirname, '..', '..', 'register.js')],
    env: { LEAKWATCH_CONTROL: path.join(disk, 'c') },
    // One inode, which is the root's.
    wrap: mounted(`mount -t tmpfs -o size=1m,nr_inodes=1 tmpfs '${disk}'`),
  });
  assert.strictEqual(stdout, 'ran\n');
  assert.match(stderr, /no control socket: .*ENOSPC/);
});

test('the clock jumps: baselines stay in order, and the verdict stands', async () => {
  await passes(`
    const real = Date.now;
    let jump = 0;
    Date.now = () => real() + jump;
    const kept = [];
    for (let i = 0; i < 25; i++) {
      // A day ahead, then a week back, as an administrator or a bad time server sets it.
      if (i === 10) jump = 864e5;
      if (i === 18) jump = -6048e5;
      kept.push(new Array(1e5).fill(i + 0.5));
      leakwatch.tick();
    }
    const { verdict, timeToLimitMs, bytesPerSecond } = leakwatch.trend();
    assert.strictEqual(verdict, 'leaking');
    assert.ok(timeToLimitMs > 0 && timeToLimitMs < 36e5, String(timeToLimitMs));
    assert.ok(bytesPerSecond > 0);
    const times = leakwatch.history().baselines.map(({ time }) => time);
    for (let i = 1; i < times.length; i++) assert.ok(times[i] >= times[i - 1], times.join(' '));
    assert.strictEqual(kept.length, 25);
  `);
});

test('100 signals at once, of two kinds, while it is asked: nothing is lost', posix, async (t) => {
  const control = directory(t);
  const target = folder(t);
  const child = await served(t, control, `
    let hup = 0;
    process.on('SIGHUP', () => { hup += 1; process.title = 'hup ' + hup; });
    process.send('ready');
    setInterval(() => {}, 1000);`, { env: { LEAKWATCH_SNAPSHOT_SIGNAL: 'SIGUSR2', LEAKWATCH_SNAPSHOT_DIR: target } });
  await child.firstMessage;
  const file = fileOf(control, child.pid);
  const asked = [];
  for (let n = 0; n < 100; n++) {
    child.kill(n % 2 ? 'SIGUSR2' : 'SIGHUP');
    if (n % 10 === 0) asked.push(raw(file, `${text({ leakwatch: 1, id: n, do: 'status' })}\n`, { end: true }));
  }
  for (const answer of await Promise.all(asked)) assert.match(answer, /"result"/);
  // The app’s own handler was called, and there is one snapshot within the cooldown.
  await until(async () => /^hup \d+$/.test((await client.ask(file, 'status')).title));
  await until(() => wholeFiles(target) > 0);
  assert.strictEqual(wholeFiles(target), 1);
  assertNoRest(target);
  assert.strictEqual(fs.existsSync(file), true);
  assert.strictEqual(child.said(), '');
});
