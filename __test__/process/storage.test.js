'use strict';
// What snapshots leave on the disk.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { spawnSync } = require('child_process');
const { capabilities, files, folder, passes, text } = require('./helper');
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

test('what a dead process left goes; what a living one writes stays', (t) => {
  const directory = folder(t);
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const of = (pid) => `.leakwatch-${pid}-0.tmp`;
  for (const name of [of(dead), of(process.pid), '.leakwatch-x.tmp']) fs.writeFileSync(path.join(directory, name), '');
  assert.deepStrictEqual(cleanUp(directory), [], 'it may be of another container');
  const later = Date.now() + 2 * 60 * 60 * 1000;
  assert.deepStrictEqual(cleanUp(directory, later), [path.join(directory, of(dead))]);
  assert.deepStrictEqual(files(directory).sort(), [of(process.pid), '.leakwatch-x.tmp'].sort());
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
