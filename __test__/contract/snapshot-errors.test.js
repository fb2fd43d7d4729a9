'use strict';
// Snapshots that cannot be: a clear error, and nothing left behind.

const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { assertEmpty, failsWith, folder, leakwatch, mounted, needsMounts, passes, quote } = require('./helper');

/** Both forms of the call fail alike. */
async function bothFail(target, options, code, more) {
  assert.throws(() => leakwatch.writeSnapshot(target, options), failsWith(code, more));
  await assert.rejects(leakwatch.promises.writeSnapshot(target, options), failsWith(code, more));
}

test('a missing folder is named', async (t) => {
  const directory = folder(t);
  const missing = path.join(directory, 'a', 'b');
  for (const given of [path.join(missing, 'c'), `${missing}/`, path.join(missing, '{pid}-{seq}')]) {
    await bothFail(given, {}, 'ERR_LEAKWATCH_NO_DIRECTORY', (error) => {
      assert.ok(error.message.includes(missing), error.message);
      assert.strictEqual(error.path, missing);
    });
  }
  assertEmpty(directory);
});

test('a working directory that has been removed is told as that', async (t) => {
  const directory = path.join(folder(t), 'removed');
  fs.mkdirSync(directory);
  await passes(
    // Node remembers where it was until it is moved.
    `process.chdir(${JSON.stringify(directory)});
    fs.rmdirSync(${JSON.stringify(directory)});
    const refused = { code: 'ERR_LEAKWATCH_NO_DIRECTORY', message: /^the working directory has been removed/ };
    assert.throws(() => leakwatch.writeSnapshot(), refused);
    assert.throws(() => leakwatch.snapshotOnSignal('SIGUSR2'), refused);
    assert.throws(() => leakwatch.snapshotOnSignal('SIGUSR2', { path: 'below/' }), refused);
    assert.throws(() => leakwatch.start({ snapshotDir: 'below' }), refused);
    assert.throws(() => leakwatch.start({ snapshotSignal: 'SIGUSR2' }), refused);
    // What needs no folder is none the worse.
    leakwatch.start().stop();
    leakwatch.start({ snapshotSignal: 'SIGUSR2', snapshotDir: '/' }).stop();
    assert.rejects(leakwatch.promises.writeSnapshot(), refused)
      .then(() => assert.rejects(leakwatch.promises.writeSnapshot({ mode: 'inline' }), refused))
      .then(() => leakwatch.promises.capture({ mode: 'inline' }));`
  );
});

test('a file where a folder should be is an error of ours', async (t) => {
  const directory = folder(t);
  fs.writeFileSync(path.join(directory, 'file'), '');
  const fails = (error) => /^ERR_LEAKWATCH_(NO_DIRECTORY|NOT_WRITABLE|IO)$/.test(error.code);
  assert.throws(() => leakwatch.writeSnapshot(path.join(directory, 'file', 'a')), fails);
  await assert.rejects(leakwatch.promises.writeSnapshot(path.join(directory, 'file', 'a')), fails);
  assert.deepStrictEqual(fs.readdirSync(directory), ['file']);
});

test('a name too long for the file system is an error of ours', async (t) => {
  const directory = folder(t);
  await bothFail(path.join(directory, 'n'.repeat(256)), {}, 'ERR_LEAKWATCH_IO');
  assertEmpty(directory);
});

/** Runs in the child: all forms fail with `code` and leave `directory` as it is. */
function childFails(directory, code, options, more = '') {
  return `
    const directory = ${JSON.stringify(directory)};
    const options = ${JSON.stringify(options)};
    const check = (error) => {
      assert.strictEqual(error.code, ${JSON.stringify(code)}, error.stack);
      assert.ok(error instanceof leakwatch.LeakwatchError);
      ${more}
      return true;
    };
    const before = fs.readdirSync(directory);
    (async () => {
      assert.throws(() => leakwatch.writeSnapshot(directory, options), check);
      assert.deepStrictEqual(fs.readdirSync(directory), before, 'sync left something');
      await assert.rejects(leakwatch.promises.writeSnapshot(directory, options), check);
      assert.deepStrictEqual(fs.readdirSync(directory), before, 'the promise left something');
    })().catch((error) => { console.error(error); process.exit(1); });`;
}

test('a folder without permission', async (t) => {
  const directory = folder(t);
  fs.chmodSync(directory, 0o555);
  const dropped = process.getuid() === 0 ? 'process.setgid(65534); process.setuid(65534);' : '';
  await passes(
    `leakwatch.capabilities(); ${dropped}` +
      childFails(directory, 'ERR_LEAKWATCH_NOT_WRITABLE', {}, "assert.match(error.message, /permission/i); assert.ok(error.path.startsWith(directory));")
  );
});

test('a read-only file system', needsMounts, async (t) => {
  const directory = folder(t);
  await passes(childFails(directory, 'ERR_LEAKWATCH_NOT_WRITABLE', {}, "assert.match(error.message, /read-only/i);"), {
    wrap: mounted(`mount -t tmpfs -o ro tmpfs ${quote(directory)}`),
  });
});

for (const compress of [false, 'gzip']) {
  test(`too little disk is known before V8 builds anything, compress: ${compress}`, needsMounts, async (t) => {
    const directory = folder(t);
    const more = `
      assert.ok(error.needed > error.available, error.needed + ' ' + error.available);
      assert.ok(error.available <= 1 << 16 && error.available > 0);
      assert.match(error.message, /MB/);
      assert.strictEqual(error.message.includes('gzip'), ${!compress}, error.message);`;
    const wrap = mounted(`mount -t tmpfs -o size=64k tmpfs ${quote(directory)}`);
    await passes(childFails(directory, 'ERR_LEAKWATCH_NOT_ENOUGH_DISK', { compress }, more), { wrap });
  });
}

for (const compress of [false, 'gzip', 'zstd']) {
  test(`a disk that fills up while writing, compress: ${compress}`, needsMounts, async (t) => {
    const directory = folder(t);
    const wrap = mounted(`mount -t tmpfs -o size=256k tmpfs ${quote(directory)}`);
    const more = `
      assert.ok(error.path.startsWith(directory));
      assert.match(error.message, /full/);
      assert.strictEqual(error.message.includes('gzip'), ${!compress}, error.message);`;
    await passes(childFails(directory, 'ERR_LEAKWATCH_DISK_FULL', { force: true, compress }, more), { wrap });
  });
}

test('a disk that is full from the first byte', needsMounts, async (t) => {
  const directory = folder(t);
  const fill = `dd if=/dev/zero of=${quote(path.join(directory, 'fill'))} bs=4k 2>/dev/null; test -s ${quote(path.join(directory, 'fill'))}`;
  const wrap = mounted(`mount -t tmpfs -o size=64k tmpfs ${quote(directory)}`, `{ ${fill}; }`);
  await passes(childFails(directory, 'ERR_LEAKWATCH_DISK_FULL', { force: true }), { wrap });
});

test('no inode left', needsMounts, async (t) => {
  const directory = folder(t);
  const wrap = mounted(`mount -t tmpfs -o nr_inodes=1 tmpfs ${quote(directory)}`);
  await passes(childFails(directory, 'ERR_LEAKWATCH_DISK_FULL', { force: true }), { wrap });
});

test('a limit on the size of files', async (t) => {
  const directory = folder(t);
  const wrap = (command) => ['sh', '-c', `ulimit -f 256 && exec ${command.map(quote).join(' ')}`];
  await passes(childFails(directory, 'ERR_LEAKWATCH_IO', {}, 'assert.match(error.message, /too large|EFBIG/i);'), { wrap });
});

test('no descriptor left', async (t) => {
  // The error must name the cause, and the next call must work again.
  const directory = folder(t);
  await passes(
    `const held = [];
    fs.unlinkSync(leakwatch.writeSnapshot(${JSON.stringify(directory)}));
    try { for (;;) held.push(fs.openSync('/dev/null')); } catch (error) { assert.strictEqual(error.code, 'EMFILE'); }
    assert.throws(() => leakwatch.writeSnapshot(${JSON.stringify(directory)}), { code: 'ERR_LEAKWATCH_IO', message: /open files|EMFILE/ });
    for (const fd of held) fs.closeSync(fd);
    assert.ok(fs.existsSync(leakwatch.writeSnapshot(${JSON.stringify(directory)})));`,
    { wrap: (command) => ['sh', '-c', `ulimit -n 64 && exec ${command.map(quote).join(' ')}`] }
  );
});

test('aborted before it began', async (t) => {
  const directory = folder(t);
  const signal = AbortSignal.abort();
  let asked = 0;
  await bothFail(path.join(directory, 'a'), { signal, onProgress: () => asked++ }, 'ERR_LEAKWATCH_ABORTED');
  assert.strictEqual(asked, 0);
  assertEmpty(directory);
});

for (const phase of ['build', 'write']) {
  for (const compress of [false, 'gzip', 'zstd']) {
    test(`aborted in phase ${phase}, compress: ${compress}`, async (t) => {
      const directory = folder(t);
      for (const write of [leakwatch.writeSnapshot, leakwatch.promises.writeSnapshot]) {
        const controller = new AbortController();
        let after = 0;
        const onProgress = (progress) => {
          if (controller.signal.aborted) after += 1;
          if (progress.phase === phase) controller.abort();
        };
        const call = async () => write(path.join(directory, 'a'), { compress, signal: controller.signal, onProgress });
        await assert.rejects(call(), failsWith('ERR_LEAKWATCH_ABORTED'));
        assert.strictEqual(after, 0, 'not told any more');
        assertEmpty(directory);
      }
      assert.ok(leakwatch.writeSnapshot(directory), 'the next one works');
    });
  }
}

/** Holds every thread of libuv's pool until the returned function is called. */
function holdPool(t) {
  const fifo = path.join(folder(t), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const opened = [];
  // Each open for reading waits in a thread of the pool for a writer.
  for (let i = 0; i < 4; i++) opened.push(fs.promises.open(fifo, 'r'));
  return async () => {
    const { O_RDWR } = fs.constants;
    const writer = fs.openSync(fifo, O_RDWR);
    for (const handle of await Promise.all(opened)) await handle.close();
    fs.closeSync(writer);
  };
}

test('aborted while the rest is written elsewhere', async (t) => {
  const directory = folder(t);
  const release = holdPool(t);
  const controller = new AbortController();
  const written = leakwatch.promises.writeSnapshot(path.join(directory, 'a'), { signal: controller.signal });
  const refusal = assert.rejects(written, failsWith('ERR_LEAKWATCH_ABORTED'));
  controller.abort();
  await release();
  await refusal;
  assertEmpty(directory);
});

test('aborted after the end changes nothing', async (t) => {
  const directory = folder(t);
  const controller = new AbortController();
  const { path: file } = await leakwatch.promises.writeSnapshot(directory, { signal: controller.signal });
  controller.abort();
  assert.ok(fs.existsSync(file));
});

test('an onProgress that throws is thrown to the caller, whatever it throws', async (t) => {
  const directory = folder(t);
  const target = path.join(directory, 'a');
  for (const thrown of [new TypeError('mine'), undefined, 0]) {
    for (const phase of ['build', 'write']) {
      const onProgress = (progress) => {
        if (progress.phase === phase) throw thrown;
      };
      const caught = { sync: 'nothing', later: 'nothing' };
      try {
        leakwatch.writeSnapshot(target, { onProgress });
      } catch (error) {
        caught.sync = error;
      }
      await leakwatch.promises.writeSnapshot(target, { onProgress }).catch((error) => (caught.later = error));
      assert.deepStrictEqual(caught, { sync: thrown, later: thrown }, `${String(thrown)} in ${phase}`);
      assertEmpty(directory);
    }
  }
  assert.ok(leakwatch.writeSnapshot(target));
});

test('what onProgress may do meanwhile', async (t) => {
  // It runs in the middle of V8's serialiser: nothing it does may harm that.
  const directory = folder(t);
  t.after(() => leakwatch.stop());
  const doings = {
    gc: () => leakwatch.gc(),
    tick: () => leakwatch.tick(),
    start: () => leakwatch.start(),
    stop: () => leakwatch.stop(),
    stats: () => leakwatch.stats(),
    history: () => leakwatch.history(),
    allocate: () => new Array(1e5).fill(0).map((_, i) => ({ i })),
    again: () => assert.throws(() => leakwatch.writeSnapshot(directory), failsWith('ERR_LEAKWATCH_BUSY')),
  };
  for (const [name, run] of Object.entries(doings)) {
    let runs = 0;
    const target = path.join(directory, name);
    leakwatch.writeSnapshot(target, {
      onProgress: ({ phase }) => {
        if (phase === 'write' && runs++ < 2) run();
      },
    });
    assert.ok(runs > 0, name);
    require('./helper').readSnapshot(target);
  }
  assert.deepStrictEqual(fs.readdirSync(directory).sort(), Object.keys(doings).sort());
});
