'use strict';
// What snapshots leave on the disk.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { assertNoRest, capabilities, converse, files, folder, passes, preloaded, run, text, wholeFiles } = require('./helper');
const { cleanUp, retain } = require('../../lib/storage');

const named = (second) => `leakwatch-20261121T0430${String(second).padStart(2, '0')}000Z-7-0-1.heapsnapshot`;

function fill(directory) {
  for (let second = 0; second < 5; second++) fs.writeFileSync(path.join(directory, named(second)), Buffer.alloc(100));
  fs.writeFileSync(path.join(directory, 'mine.heapsnapshot'), '');
}

test('the oldest go, by number and by size; other files stay', (t) => {
  const directory = folder(t);
  fill(directory);
  retain(directory, { keep: 3 });
  assert.deepStrictEqual(files(directory).sort(), [named(2), named(3), named(4), 'mine.heapsnapshot']);
  retain(directory, { bytes: 250 });
  assert.deepStrictEqual(files(directory).sort(), [named(3), named(4), 'mine.heapsnapshot']);
  retain(directory, { keep: 1, bytes: 1 });
  assert.deepStrictEqual(files(directory).sort(), [named(4), 'mine.heapsnapshot'], 'the newest stays, whatever its size');
  retain(directory, { keep: 1, newest: path.join(directory, named(1)) });
  assert.deepStrictEqual(files(directory).sort(), [named(4), 'mine.heapsnapshot'], 'one that is not there changes nothing');
  assert.deepStrictEqual(retain(path.join(directory, 'missing'), { keep: 1 }), []);
});

test('what nobody writes any more goes at once; all else stays', async (t) => {
  const directory = folder(t);
  const at = (name) => path.join(directory, name);
  const [abandoned, ...foreign] = ['.leakwatch-1-0.tmp', '.leakwatch-x.tmp', 'leakwatch-1-0.tmp', '.leakwatch-1-0.tmp.gz', 'mine.tmp'];
  for (const name of [abandoned, ...foreign]) fs.writeFileSync(at(name), '');
  fs.symlinkSync(at('mine.tmp'), at('.leakwatch-1-1.tmp'));
  fs.mkdirSync(at('.leakwatch-1-2.tmp'));
  assert.deepStrictEqual(await cleanUp(directory), [at(abandoned)]);
  assert.deepStrictEqual(files(directory).sort(), [...foreign, '.leakwatch-1-1.tmp', '.leakwatch-1-2.tmp'].sort());
  assert.deepStrictEqual(await cleanUp(directory), []);
  assert.deepStrictEqual(await cleanUp(at('missing')), []);
});

const STARTS = {
  'start({ snapshotDir })': (where) => `leakwatch.start({ snapshotDir: ${where} })`,
  'start() in the folder': (where) => `process.chdir(${where}); leakwatch.start()`,
  'start({ snapshotDir, snapshotSignal })': (where) => `leakwatch.start({ snapshotDir: ${where}, snapshotSignal: 'SIGUSR2' })`,
  'snapshotOnSignal() with a folder': (where) => `leakwatch.snapshotOnSignal('SIGUSR2', { path: ${where} })`,
  'snapshotOnSignal() with a template': (where) => `leakwatch.snapshotOnSignal('SIGUSR2', { path: ${where} + '/{pid}-{seq}' })`,
};

const linux = { skip: process.platform === 'linux' ? false : 'the file system is changed by LD_PRELOAD' };
test('kill -9 in the middle of a snapshot leaves a hidden file at most, which the next start removes, and no living one’s', linux, async (t) => {
  const [directory, env] = [folder(t), { LD_PRELOAD: preloaded(t, 'nameless') }];
  const hidden = () => files(directory).filter((name) => name.startsWith('.'));
  // In the fallback as well as natively: the file is there from the first progress on.
  const writing = (then) => `
    globalThis.heap = Array.from({ length: 1e5 }, (_, n) => ({ n }));
    leakwatch.writeSnapshot(${text(directory)}, { onProgress: ({ phase }) => { if (phase === 'write') { ${then} } } });`;
  // A living one stands in the middle of its file until all is over.
  let living;
  const isThere = new Promise((resolve) => (living = { resolve }));
  const lived = converse(writing("if (!globalThis.isSaid) { globalThis.isSaid = true; process.send('writing'); fs.readSync(0, Buffer.alloc(1)); }"), (_, child) => {
    living.child = child;
    living.resolve();
  }, { env });
  await isThere;
  t.after(() => living.child.kill('SIGKILL'));
  const [its] = hidden();
  assert.deepStrictEqual(hidden(), [its]);
  for (const [name, start] of Object.entries(STARTS)) {
    const { signal } = await run(writing("process.kill(process.pid, 'SIGKILL');"), { env });
    assert.strictEqual(signal, 'SIGKILL');
    assert.strictEqual(hidden().length, 2, 'the dead one left its file');
    await passes(`
      ${start(text(directory))};
      const hidden = () => fs.readdirSync(${text(directory)}).filter((name) => name.startsWith('.'));
      wait(() => hidden().length === 1).then(() => process.exit());
    `);
    assert.deepStrictEqual(hidden(), [its], name);
  }
  assert.strictEqual(wholeFiles(directory), 0);
  living.child.stdin.end('go on');
  const { code, stderr } = await lived;
  assert.strictEqual(code, 0, stderr);
  assert.strictEqual(wholeFiles(directory), 1);
  assertNoRest(directory);
});

const skip = capabilities.signalWhileBusy.native ? false : capabilities.signalWhileBusy.why;
test('a watched process keeps as many as it was told to', { skip }, async (t) => {
  const directory = folder(t);
  fill(directory);
  await passes(`
    const keep = setInterval(() => {}, 1000);
    const watch = leakwatch.start({ snapshotSignal: 'SIGUSR2', snapshotDir: ${text(directory)}, keepSnapshots: 2 });
    watch.on('snapshot', (told) => setImmediate(() => {
      const left = fs.readdirSync(${text(directory)}).filter((name) => name.startsWith('leakwatch-'));
      assert.strictEqual(left.length, 2);
      assert.ok(left.includes(path.basename(told.path)));
      leakwatch.stop();
      clearInterval(keep);
    }));
    kill();
  `);
  assert.ok(files(directory).includes('mine.heapsnapshot'));
});

test('one that was just written stays, though the clock was set back since the last', { skip }, async (t) => {
  const directory = folder(t);
  fs.writeFileSync(path.join(directory, named(0).replace('2026', '2999')), '');
  await passes(`
    const keep = setInterval(() => {}, 1000);
    const watch = leakwatch.start({ snapshotSignal: 'SIGUSR2', snapshotDir: ${text(directory)}, keepSnapshots: 1 });
    watch.on('snapshot', (told) => setImmediate(() => {
      assert.deepStrictEqual(fs.readdirSync(${text(directory)}), [path.basename(told.path)]);
      leakwatch.stop();
      clearInterval(keep);
    }));
    kill();
  `);
});
