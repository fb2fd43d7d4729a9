'use strict';
// The directory of the sockets: private, or not used.

const assert = require('assert');
const fs = require('fs');
const net = require('net');
const path = require('path');
const { spawnSync } = require('child_process');
const { test } = require('node:test');
const { directory, until } = require('./helper');
const places = require('../../lib/control/directory');
const { isAlive, sweep } = require('../../lib/control/address');

const UNSAFE = 'ERR_LEAKWATCH_CONTROL_UNSAFE';
const posix = process.platform === 'win32' ? { skip: 'modes and owners are of POSIX' } : {};

test('it is made with mode 0700, whatever the umask', posix, (t) => {
  const control = directory(t);
  const before = process.umask(0);
  t.after(() => process.umask(before));
  places.prepare(control);
  assert.strictEqual(fs.statSync(control).mode & 0o777, 0o700);
  places.prepare(control);
});

test('one that others can enter is refused, and says how to mend it', posix, (t) => {
  const control = directory(t);
  fs.mkdirSync(control);
  for (const mode of [0o755, 0o710, 0o707, 0o770]) {
    fs.chmodSync(control, mode);
    assert.throws(() => places.prepare(control), (error) => {
      assert.strictEqual(error.code, UNSAFE);
      assert.ok(error.message.includes(control) && error.message.includes('0700') && error.message.includes('LEAKWATCH_CONTROL'), error.message);
      return true;
    });
    assert.throws(() => places.entries(control), { code: UNSAFE }, 'the client looks as closely');
  }
});

test('a symbolic link is refused, wherever it leads', posix, (t) => {
  const control = directory(t);
  const real = `${control}-real`;
  fs.mkdirSync(real, { mode: 0o700 });
  fs.symlinkSync(real, control);
  assert.throws(() => places.prepare(control), { code: UNSAFE });
  fs.unlinkSync(control);
  fs.symlinkSync('/nowhere', control);
  assert.throws(() => places.prepare(control), { code: UNSAFE });
});

test('a file in its place, a parent that cannot be written: said', posix, (t) => {
  const control = directory(t);
  fs.writeFileSync(control, '');
  assert.throws(() => places.prepare(control), { code: UNSAFE });
  assert.throws(() => places.prepare(path.join(control, 'deeper')), { code: UNSAFE });
});

test("another user's is refused", process.getuid && process.getuid() === 0 ? {} : { skip: 'needs root, to give a directory away' }, (t) => {
  const control = directory(t);
  fs.mkdirSync(control, { mode: 0o700 });
  fs.chownSync(control, 65534, 65534);
  assert.throws(() => places.prepare(control), (error) => error.code === UNSAFE && error.message.includes('65534'));
});

test('a path too long for a socket is refused, not cut', posix, (t) => {
  const control = path.join(path.dirname(directory(t)), 'x'.repeat(90));
  assert.throws(() => places.prepare(control), (error) => error.code === UNSAFE && /too long .* by \d+ bytes/.test(error.message));
});

test('names that are not ours are left alone', posix, (t) => {
  const control = places.prepare(directory(t));
  for (const name of ['1.sock', '22-3.sock', '0.sock', '01.sock', 'x.sock', '1-0.sock', '1.sock.bak', '1-2-3.sock', '-1.sock']) {
    fs.writeFileSync(path.join(control, name), '');
  }
  assert.deepStrictEqual(places.entries(control).map(({ pid, thread }) => [pid, thread]), [[1, 0], [22, 3]]);
});

test('where it is looked for: XDG_RUNTIME_DIR if it is ours, and the temporary directory', posix, (t) => {
  const runtime = path.dirname(directory(t));
  const found = places.candidates(undefined, { XDG_RUNTIME_DIR: runtime });
  assert.strictEqual(found[0], path.join(runtime, 'leakwatch'));
  assert.ok(found[1].endsWith(`leakwatch-${process.getuid()}`), found[1]);
  assert.strictEqual(places.directoryFor(true, { XDG_RUNTIME_DIR: '/nowhere' }), found[1]);
  assert.strictEqual(places.directoryFor(true, { XDG_RUNTIME_DIR: 'relative' }), found[1]);
  assert.strictEqual(places.directoryFor('/elsewhere', { XDG_RUNTIME_DIR: runtime }), '/elsewhere');
});

test('a dead process’s name is taken away, a live one’s is not', posix, async (t) => {
  const control = places.prepare(directory(t));
  const { pid: dead } = spawnSync(process.execPath, ['-e', '0']);
  const file = places.fileOf(control, dead, 0);
  // A socket that nobody listens at, as a killed process leaves it.
  const left = spawnSync(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(file)}, () => process.kill(process.pid, 'SIGKILL'))`]);
  assert.strictEqual(left.signal, 'SIGKILL');
  assert.strictEqual(fs.existsSync(file), true);
  assert.strictEqual(await isAlive(file), false);
  assert.strictEqual(await sweep({ pid: dead, file }), true);
  assert.strictEqual(fs.existsSync(file), false);

  const server = net.createServer().listen(file);
  t.after(() => server.close());
  await until(() => fs.existsSync(file));
  assert.strictEqual(await sweep({ pid: dead, file }), false, 'a number that is dead here may live in another container');
  assert.strictEqual(fs.existsSync(file), true);
});
