'use strict';
// The socket of a running process: who may ask, what it answers, and that it
// neither keeps the process alive nor outlives it.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { assertNoRest, client, directory, fileOf, folder, passes, readSnapshot, run, served, text, until } = require('./helper');

const { ask } = client;
const posix = process.platform === 'win32' ? { skip: 'sockets with modes are of POSIX' } : {};

test('off unless asked for', posix, async (t) => {
  const control = directory(t);
  fs.mkdirSync(control);
  fs.chmodSync(control, 0o700);
  await passes(`leakwatch.start(); setTimeout(() => {
    assert.deepStrictEqual(fs.readdirSync(${text(control)}), []);
    assert.ok(!Object.keys(require.cache).some((name) => name.includes(path.join('lib', 'control'))), 'not even loaded');
  }, 50);`, { env: { XDG_RUNTIME_DIR: control, TMPDIR: control } });
});

test('start({ control }) opens it with mode 0600; stop() and new options close it; again opens it again', posix, async (t) => {
  const control = directory(t);
  await passes(`
    const control = ${text(control)};
    const file = path.join(control, process.pid + '.sock');
    (async () => {
      leakwatch.start({ control });
      await wait(() => fs.existsSync(file) && (fs.statSync(file).mode & 0o777) === 0o600);
      assert.strictEqual(fs.statSync(control).mode & 0o777, 0o700);
      leakwatch.start({ window: 20 });
      assert.ok(!fs.existsSync(file));
      for (let i = 0; i < 3; i++) leakwatch.start({ control, window: 20 + i });
      await wait(() => fs.existsSync(file));
      leakwatch.stop();
      assert.ok(!fs.existsSync(file));
    })();
  `);
  assert.deepStrictEqual(fs.readdirSync(control), []);
});

test('it keeps nothing alive, and is gone with the process', posix, async (t) => {
  const control = directory(t);
  for (const end of ['', 'process.exit(0);', "setTimeout(() => { process.exitCode = 0; }, 20);", "process.on('uncaughtException', () => process.exit(0)); throw new Error();"]) {
    await passes(`leakwatch.start({ control: ${text(control)} }); ${end}`);
    assert.deepStrictEqual(fs.readdirSync(control), [], end);
  }
});

test('what a killed process left is tidied by the next', posix, async (t) => {
  const control = directory(t);
  const first = await served(t, control);
  first.kill('SIGKILL');
  await first.gone;
  assert.ok(fs.existsSync(fileOf(control, first.pid)));
  await served(t, control);
  await until(() => !fs.existsSync(fileOf(control, first.pid)));
});

test('a directory that is not private: said once, and the program runs', posix, async (t) => {
  const control = directory(t);
  fs.mkdirSync(control);
  fs.chmodSync(control, 0o755);
  const { stdout, stderr } = await passes("console.log('ran');", {
    args: ['--require', path.join(__dirname, '..', '..', 'register.js')],
    env: { LEAKWATCH_CONTROL: control },
  });
  assert.strictEqual(stdout, 'ran\n');
  assert.match(stderr, /^leakwatch\[\d+\]: no control socket: .*0700.*\n$/);
  const thrown = await run(`leakwatch.start({ control: ${text(control)} });`);
  assert.notStrictEqual(thrown.code, 0);
  assert.match(thrown.stderr, /ERR_LEAKWATCH_CONTROL_UNSAFE/);
});

test('wrong values are refused as any option’s', async () => {
  await passes(`for (const control of [1, '', {}, []]) {
    assert.throws(() => leakwatch.start({ control }), { code: 'ERR_LEAKWATCH_INVALID_ARGUMENT' });
  }
  leakwatch.start({ control: false });`);
});

test('status, history, baseline and snapshot', posix, async (t) => {
  const control = directory(t);
  const files = folder(t);
  const { pid } = await served(t, control);
  const file = client.find(pid, control);
  const status = await ask(file, 'status');
  assert.strictEqual(status.pid, pid);
  assert.deepStrictEqual(status.threads, [0]);
  assert.strictEqual(status.watching, true);
  assert.strictEqual(status.trend.verdict, 'insufficient');
  const baseline = await ask(file, 'baseline', { label: 'from outside' });
  assert.ok(baseline.forced && baseline.heapUsed > 1e6 && baseline.label === 'from outside');
  const { baselines } = await ask(file, 'history');
  assert.deepStrictEqual(baselines[baselines.length - 1], baseline);
  assert.deepStrictEqual((await ask(file, 'status')).last, baseline);
  for (const options of [{}, { compress: 'gzip' }, { settle: true }]) {
    const result = await ask(file, 'snapshot', { path: files + path.sep, ...options }, { timeout: 0 });
    readSnapshot(result.path);
    assert.strictEqual(fs.statSync(result.path).mode & 0o777, 0o600);
  }
  assertNoRest(files);
});

test('what cannot be done is an error with the process’s own code', posix, async (t) => {
  const control = directory(t);
  const { pid } = await served(t, control);
  const file = client.find(pid, control);
  const fails = (name, given, code, options) => assert.rejects(ask(file, name, given, options), { code, name: 'LeakwatchError' }, `${name} ${text(given)}`);
  await fails('nonsense', {}, 'ERR_LEAKWATCH_CONTROL_REFUSED');
  await fails('constructor', {}, 'ERR_LEAKWATCH_CONTROL_REFUSED');
  await fails('status', { x: 1 }, 'ERR_LEAKWATCH_INVALID_ARGUMENT');
  await fails('baseline', { label: 5 }, 'ERR_LEAKWATCH_INVALID_ARGUMENT');
  await fails('snapshot', {}, 'ERR_LEAKWATCH_INVALID_ARGUMENT');
  await fails('snapshot', { path: 'relative' }, 'ERR_LEAKWATCH_INVALID_ARGUMENT');
  await fails('snapshot', { path: '/x', compress: 'rar' }, 'ERR_LEAKWATCH_INVALID_ARGUMENT');
  await fails('snapshot', { path: '/x', onProgress: 'x' }, 'ERR_LEAKWATCH_INVALID_ARGUMENT');
  await fails('snapshot', { path: '/nowhere/at/all' }, 'ERR_LEAKWATCH_NO_DIRECTORY');
  await fails('status', {}, 'ERR_LEAKWATCH_CONTROL_REFUSED', { thread: 9 });
  assert.strictEqual((await ask(file, 'status')).pid, pid, 'and it goes on answering');
});

test('one heavy thing at a time; the rest is told to wait', posix, async (t) => {
  const control = directory(t);
  const { pid } = await served(t, control);
  const file = client.find(pid, control);
  const all = await Promise.all(Array.from({ length: 8 }, () => ask(file, 'baseline').catch((error) => error.code)));
  const done = all.filter((each) => typeof each === 'object').length;
  assert.ok(done >= 1, 'one is served at least');
  assert.ok(all.every((each) => typeof each === 'object' || each === 'ERR_LEAKWATCH_BUSY'), text(all));
  const { baselines } = await ask(file, 'status');
  assert.strictEqual(baselines, done);
  assert.ok((await ask(file, 'baseline')).index >= done, 'and then it is free again');
});

test('workers: listed, asked through the main thread, gone with the worker', posix, async (t) => {
  const control = directory(t);
  const { pid } = await served(t, control, `
    const { Worker } = require('worker_threads');
    const worker = new Worker("require('worker_threads').parentPort.on('message', () => process.exit(0)); global.big = new Array(3e5).fill(0.5);", { eval: true });
    const other = new Worker("setInterval(() => {}, 1000);", { eval: true });
    process.on('message', (what) => what === 'exit' ? worker.postMessage(0) : other.terminate());
    module.exports = worker;`);
  const file = client.find(pid, control);
  await until(async () => (await ask(file, 'status')).threads.length === 3);
  const main = await ask(file, 'status');
  assert.deepStrictEqual(main.threads, [0, 1, 2]);
  const worker = await ask(file, 'status', {}, { thread: 1 });
  assert.strictEqual(worker.thread, 1);
  const [a, b] = [await ask(file, 'baseline', {}, { thread: 1 }), await ask(file, 'baseline', {}, { thread: 2 })];
  assert.ok(a.heapUsed > b.heapUsed + 2e6, 'each of its own heap');
  await assert.rejects(ask(file, 'baseline', { label: 5 }, { thread: 1 }), { code: 'ERR_LEAKWATCH_INVALID_ARGUMENT' });
});

for (const how of ['exit', 'terminate']) {
  test(`a worker that ends by ${how} leaves no name that is answered for`, posix, async (t) => {
    const control = directory(t);
    const child = await served(t, control, `
      const { Worker } = require('worker_threads');
      const worker = new Worker("require('worker_threads').parentPort.on('message', () => process.exit(0));", { eval: true });
      worker.on('exit', () => process.send('gone'));
      process.on('message', (what) => what === 'exit' ? worker.postMessage(0) : worker.terminate());`);
    const file = client.find(child.pid, control);
    await until(async () => (await ask(file, 'status')).threads.length === 2);
    const gone = new Promise((resolve) => child.once('message', resolve));
    child.send(how);
    await gone;
    assert.strictEqual(fs.existsSync(fileOf(control, child.pid, 1)), false);
    assert.deepStrictEqual((await ask(file, 'status')).threads, [0]);
  });
}

test('a program that starts leakwatch itself does not close what the operator opened', posix, async (t) => {
  const control = directory(t);
  const { pid } = await served(t, control, `
    const leakwatch = require(${text(path.join(__dirname, '..', '..'))});
    leakwatch.start({ window: 50 }); leakwatch.stop(); leakwatch.start({ window: 60 });
    setInterval(() => {}, 1000);`);
  assert.strictEqual((await ask(client.find(pid, control), 'status')).watching, true);
});

test('the client says why there is nobody, and what to do', posix, async (t) => {
  const control = directory(t);
  const { pid } = await served(t, control);
  const why = (number) => {
    try {
      client.find(number, control);
    } catch (error) {
      assert.strictEqual(error.code, 'ERR_LEAKWATCH_CONTROL_UNREACHABLE');
      return error.message;
    }
    return assert.fail('found');
  };
  assert.match(why(process.pid), /LEAKWATCH_CONTROL=1/);
  assert.match(why(2 ** 22 + 1), /there is no process/);
  process.kill(pid, 'SIGSTOP');
  await assert.rejects(ask(client.find(pid, control), 'status', {}, { timeout: 200 }), (error) => {
    assert.strictEqual(error.code, 'ERR_LEAKWATCH_CONTROL_TIMEOUT');
    return /busy in JavaScript, or stopped/.test(error.message);
  });
});
