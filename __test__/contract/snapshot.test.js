'use strict';
// Snapshots on call: where they go, what they hold, what is returned.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { canUnzstd, capabilities, chdir, failsWith, folder, leakwatch, readSnapshot, refused } = require('./helper');

class LeakwatchTestSubject {
  constructor() {
    this.text = 'leakwatch-test-string';
  }
}

const DEFAULT = /^leakwatch-\d{8}T\d{9}Z-(\d+)-0-\d+\.heapsnapshot$/;

function assertWhole(file) {
  const { mode, size } = fs.statSync(file);
  assert.strictEqual(mode & 0o777, 0o600, 'it holds every string of the program');
  assert.ok(size > 1000);
  return readSnapshot(file);
}

test('a path is written, whole, and returned', (t) => {
  const directory = folder(t);
  const target = path.join(directory, 'a.heapsnapshot');
  const subject = new LeakwatchTestSubject();
  assert.strictEqual(leakwatch.writeSnapshot(target), target);
  assert.deepStrictEqual(fs.readdirSync(directory), ['a.heapsnapshot']);
  const { strings } = assertWhole(target);
  assert.ok(strings.includes('LeakwatchTestSubject'), 'constructors');
  assert.ok(strings.includes(subject.text), 'strings');
});

test('mode 0600 under every umask', (t) => {
  const directory = folder(t);
  for (const mask of [0o000, 0o022, 0o077, 0o777]) {
    const before = process.umask(mask);
    const target = path.join(directory, String(mask));
    try {
      leakwatch.writeSnapshot(target);
    } finally {
      process.umask(before);
    }
    // Never more than 0600; a umask may take from that, as it does from everything.
    assert.strictEqual(fs.statSync(target).mode & 0o777 & ~0o600, 0, mask.toString(8));
    if (mask !== 0o777) assert.strictEqual(fs.statSync(target).mode & 0o777, 0o600, mask.toString(8));
  }
});

test('a directory gets a name of its own, with and without a slash', (t) => {
  const directory = folder(t);
  const files = [directory, `${directory}/`].map((given) => leakwatch.writeSnapshot(given));
  for (const file of files) {
    assert.strictEqual(path.dirname(file), directory);
    assert.strictEqual(DEFAULT.exec(path.basename(file))[1], String(process.pid));
    assertWhole(file);
  }
  assert.notStrictEqual(files[0], files[1]);
});

test('no path at all is the working directory', (t) => {
  const directory = folder(t);
  chdir(t, directory);
  const calls = [[], [undefined], [null], [{}], [{ compress: false }], [null, null], [undefined, undefined, () => {}]];
  const files = calls.map((args) => path.basename(leakwatch.writeSnapshot(...args)));
  for (const name of files) assert.match(name, DEFAULT);
  assert.deepStrictEqual(fs.readdirSync(directory).sort(), files.sort());
});

test('relative paths are of the working directory', (t) => {
  const directory = folder(t);
  chdir(t, directory);
  fs.mkdirSync('sub');
  leakwatch.writeSnapshot('plain');
  leakwatch.writeSnapshot('sub/../sub/deep');
  assert.deepStrictEqual(fs.readdirSync(directory).sort(), ['plain', 'sub']);
  assertWhole(path.join(directory, 'sub', 'deep'));
});

test('templates are filled in', (t) => {
  const directory = folder(t);
  const before = Date.now();
  const file = leakwatch.writeSnapshot(`${directory}/{pid}_{tid}_{time}_{seq}_{pid}`);
  const [, pid, tid, time, seq, again] = /^(\d+)_(\d+)_(\d{8}T\d{9}Z)_(\d+)_(\d+)$/.exec(path.basename(file));
  assert.deepStrictEqual([pid, tid, again], [String(process.pid), '0', String(process.pid)]);
  const iso = time.replace(/(....)(..)(..)T(..)(..)(..)(...)Z/, '$1-$2-$3T$4:$5:$6.$7Z');
  assert.ok(Date.parse(iso) >= before - 1000 && Date.parse(iso) <= Date.now() + 1000, iso);
  const next = leakwatch.writeSnapshot(`${directory}/{seq}`);
  assert.ok(Number(path.basename(next)) > Number(seq));
});

test('templates that cannot be filled in are refused', async (t) => {
  const directory = folder(t);
  for (const bad of ['{process}', '{}', '{PID}', 'a{pid}{x}', '{ pid }', '']) {
    const given = bad && `${directory}/${bad}`;
    assert.throws(() => leakwatch.writeSnapshot(given), refused('path'), bad);
    await assert.rejects(leakwatch.promises.writeSnapshot(given), refused('path'), bad);
  }
  assert.throws(() => leakwatch.writeSnapshot(`${directory}/a\0b`), refused('path'));
  assert.deepStrictEqual(fs.readdirSync(directory), []);
});

test('names that are no template are taken as they are', (t) => {
  const directory = folder(t);
  for (const name of ['a{pid', '~ \t}b', 'ünï→💧', '-rf', '.%s.tmp']) {
    const target = path.join(directory, name);
    assert.strictEqual(leakwatch.writeSnapshot(target), target);
    assertWhole(target);
  }
});

test('the longest name a file may have can be written', (t) => {
  // The temporary name must not be longer than the name.
  const target = path.join(folder(t), 'n'.repeat(255));
  assert.strictEqual(leakwatch.writeSnapshot(target), target);
  assertWhole(target);
});

test('an older file of that name is replaced as a whole', (t) => {
  const directory = folder(t);
  const target = path.join(directory, 'a');
  fs.writeFileSync(target, 'old', { mode: 0o644 });
  const old = fs.openSync(target, 'r');
  t.after(() => fs.closeSync(old));
  leakwatch.writeSnapshot(target);
  assertWhole(target);
  assert.strictEqual(fs.readFileSync(old, 'utf8'), 'old', 'whoever reads the old one goes on reading it');
  assert.deepStrictEqual(fs.readdirSync(directory), ['a']);
});

test('a link is replaced, not written through', (t) => {
  // A link planted in a shared folder must not make us overwrite what it points to.
  const directory = folder(t);
  fs.writeFileSync(path.join(directory, 'precious'), 'precious');
  fs.symlinkSync('precious', path.join(directory, 'link'));
  fs.symlinkSync('nowhere', path.join(directory, 'dangling'));
  leakwatch.writeSnapshot(path.join(directory, 'link'));
  leakwatch.writeSnapshot(path.join(directory, 'dangling'));
  assert.strictEqual(fs.readFileSync(path.join(directory, 'precious'), 'utf8'), 'precious');
  assert.deepStrictEqual(fs.readdirSync(directory).sort(), ['dangling', 'link', 'precious']);
  assertWhole(path.join(directory, 'link'));
});

test('the promise gives path, size and times', async (t) => {
  const target = path.join(folder(t), 'a');
  const result = await leakwatch.promises.writeSnapshot(target);
  const { fallback, attempts, ...rest } = result;
  assert.ok(attempts === undefined || attempts > 1, String(attempts));
  assert.deepStrictEqual(Object.keys(rest).sort(), ['bytes', 'mode', 'path', 'pauseMs', 'totalMs']);
  const mode = capabilities.fork.native && !fallback ? 'fork' : 'inline';
  assert.deepStrictEqual([result.path, result.mode], [target, mode]);
  assert.strictEqual(result.bytes, fs.statSync(target).size);
  assert.ok(result.pauseMs > 0 && result.pauseMs <= result.totalMs, `${result.pauseMs} of ${result.totalMs}`);
  assertWhole(target);
});

test('several promises at once give several files', async (t) => {
  const directory = folder(t);
  const results = await Promise.all(Array.from({ length: 6 }, () => leakwatch.promises.writeSnapshot(directory)));
  assert.strictEqual(new Set(results.map((result) => result.path)).size, 6);
  for (const { path: file } of results) assertWhole(file);
});

test('several promises for one path leave one whole file', async (t) => {
  const directory = folder(t);
  const target = path.join(directory, 'same');
  await Promise.all(Array.from({ length: 4 }, (_, n) => leakwatch.promises.writeSnapshot(target, { compress: n % 2 ? 'gzip' : false }).catch(() => {})));
  for (const name of fs.readdirSync(directory)) assertWhole(path.join(directory, name));
  assert.deepStrictEqual(fs.readdirSync(directory).sort(), ['same', 'same.gz']);
});

for (const [compress, extension, magic] of [['gzip', '.gz', '1f8b'], ['zstd', '.zst', '28b52ffd']]) {
  test(`compress: ${compress}`, { skip: compress === 'zstd' && !canUnzstd && 'nothing here can read zstd' }, async (t) => {
    const directory = folder(t);
    const plain = leakwatch.writeSnapshot(path.join(directory, 'plain'));
    const sync = leakwatch.writeSnapshot(path.join(directory, 'sync'), { compress });
    const { path: later, bytes } = await leakwatch.promises.writeSnapshot(path.join(directory, `later${extension}`), { compress });
    assert.deepStrictEqual([path.basename(sync), path.basename(later)], [`sync${extension}`, `later${extension}`]);
    for (const file of [sync, later]) {
      assert.strictEqual(fs.readFileSync(file).subarray(0, magic.length / 2).toString('hex'), magic);
      assert.ok(fs.statSync(file).size < fs.statSync(plain).size / 2, 'smaller');
      assertWhole(file);
    }
    assert.strictEqual(bytes, fs.statSync(later).size, 'bytes are those of the file');
    assert.match(path.basename(leakwatch.writeSnapshot(directory, { compress })), new RegExp(`\\.heapsnapshot\\${extension}$`));
  });
}

test('the callback is told before the call returns, as heapdump does', (t) => {
  const directory = folder(t);
  chdir(t, directory);
  const told = [];
  const callback = (...args) => told.push(args);
  const returned = [
    leakwatch.writeSnapshot('a', callback),
    leakwatch.writeSnapshot('b', {}, callback),
    leakwatch.writeSnapshot(null, null, callback),
    leakwatch.writeSnapshot(undefined, callback),
    leakwatch.writeSnapshot(callback),
  ];
  assert.deepStrictEqual(told, returned.map((file) => [null, file]));
  for (const file of returned) assertWhole(file);
});

test('with a callback errors go there, of every kind, and are not thrown', (t) => {
  const missing = path.join(folder(t), 'missing', 'a');
  const cases = [
    [[missing, {}], 'ERR_LEAKWATCH_NO_DIRECTORY'],
    [[''], 'ERR_LEAKWATCH_INVALID_ARGUMENT'],
    [[1], 'ERR_LEAKWATCH_INVALID_ARGUMENT'],
    [[missing, { compress: 'lzma' }], 'ERR_LEAKWATCH_INVALID_ARGUMENT'],
    [[missing, { mode: 'fork' }], 'ERR_LEAKWATCH_UNAVAILABLE'],
    [[missing, { redact: true }], 'ERR_LEAKWATCH_NO_DIRECTORY'],
    [[missing, { signal: { aborted: true } }], 'ERR_LEAKWATCH_ABORTED'],
  ];
  for (const [args, code] of cases) {
    const told = [];
    const returned = leakwatch.writeSnapshot(...args, (...given) => told.push(given));
    assert.strictEqual(returned, undefined);
    assert.strictEqual(told.length, 1, code);
    assert.ok(failsWith(code)(told[0][0]));
    assert.strictEqual(told[0][1], undefined);
  }
});

test('an error of the callback is the caller’s', (t) => {
  const target = path.join(folder(t), 'a');
  let calls = 0;
  const throwing = () => {
    calls += 1;
    throw new TypeError('from the callback');
  };
  assert.throws(() => leakwatch.writeSnapshot(target, throwing), { name: 'TypeError', message: 'from the callback' });
  assert.strictEqual(calls, 1, 'not called again with its own error');
  assertWhole(target);
});

test('a callback must be a function, a path a string', async () => {
  assert.throws(() => leakwatch.writeSnapshot('never', {}, 1), refused('callback'));
  for (const bad of [1, true, Symbol('x'), Buffer.from('x'), new URL('file:///tmp/x'), [], ['a']]) {
    assert.throws(() => leakwatch.writeSnapshot(bad, {}), refused('path'));
    await assert.rejects(leakwatch.promises.writeSnapshot(bad, {}), refused('path'));
  }
});

test('progress is told in order: building, then bytes up to the whole', async (t) => {
  const directory = folder(t);
  for (const write of [leakwatch.writeSnapshot, leakwatch.promises.writeSnapshot]) {
    const seen = [];
    const target = path.join(directory, String(seen.length) + write.name);
    await write(target, { onProgress: (progress) => seen.push(progress) });
    assert.deepStrictEqual(seen[0], { phase: 'build', bytes: 0 });
    assert.ok(seen.length >= 2);
    seen.slice(1).forEach(({ phase, bytes }, at) => {
      assert.strictEqual(phase, 'write');
      assert.ok(bytes > seen[at].bytes, 'it goes up');
    });
    assert.strictEqual(seen[seen.length - 1].bytes, fs.statSync(target).size);
  }
});
