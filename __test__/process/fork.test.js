'use strict';
// Snapshots in a copy of the process: whole, and nothing of them shows in the service.
//
// A copy may fail without anybody's fault, so each call makes up to eight, and a
// test that insists on a copy may call three times.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { FORK, child } = require('./copies');
const { assertNoRest, capabilities, folder, needs, passes, readSnapshot, run, text, wholeFiles } = require('./helper');

const here = needs('fork');

test('the file holds the same classes as an inline one', here, async (t) => {
  const directory = folder(t);
  await child(`
    class Kept { constructor(n) { this.n = n; } }
    globalThis.kept = Array.from({ length: 1000 }, (_, n) => new Kept(n));
    await forked(${text(directory)} + '/fork');
    leakwatch.writeSnapshot(${text(directory)} + '/inline');
  `);
  const count = (file) => {
    const { snapshot, nodes, strings } = readSnapshot(path.join(directory, file));
    const { node_fields: fields, node_types: types } = snapshot.meta;
    const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field));
    const found = { count: 0, bytes: 0 };
    for (let at = 0; at < nodes.length; at += fields.length) {
      if (types[0][nodes[at + type]] !== 'object' || strings[nodes[at + name]] !== 'Kept') continue;
      found.count += 1;
      found.bytes += nodes[at + size];
    }
    return found;
  };
  const [forked, inline] = [count('fork'), count('inline')];
  assert.ok(inline.count >= 1000, String(inline.count));
  assert.deepStrictEqual(forked, inline);
});

test('no SIGCHLD, no zombie, no descriptor, no mark is left', here, async (t) => {
  const directory = folder(t);
  await child(`
    process.on('SIGCHLD', () => assert.fail('the app hears of a child'));
    await forked(${text(directory)});
    const before = descriptors();
    for (let n = 0; n < 3; n++) await forked(${text(directory)});
    assert.strictEqual(descriptors(), before);
    assert.deepStrictEqual(children(), []);
    // V8 (18 and later) marks its heap; all of it is marked again.
    if (Number(process.versions.node.split('.')[0]) >= 18) {
      assert.ok(uninherited() * 1024 > process.memoryUsage().heapTotal, String(uninherited()));
    }
  `);
  assert.ok(wholeFiles(directory) >= 4);
  assertNoRest(directory);
});

test("Node's own children, timers, watchers and sockets notice nothing", here, async (t) => {
  const directory = folder(t);
  await child(`
    const { spawn } = require('child_process');
    const net = require('net');
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    let seen = 0;
    fs.mkdirSync(${text(directory)} + '/watched');
    const watcher = fs.watch(${text(directory)} + '/watched', () => seen++);
    const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const socket = net.connect(server.address().port, '127.0.0.1');
    let echoed = '';
    socket.setEncoding('utf8').on('data', (data) => (echoed += data));
    const ends = [];
    let more = true;
    const spawning = (async () => {
      for (let code = 0; more; code = (code + 1) % 50) {
        await new Promise((resolve) => spawn('/bin/sh', ['-c', 'exit ' + code], { stdio: 'ignore' }).on('exit', (got, signal) => {
          ends.push([got === code, signal]);
          resolve();
        }));
      }
    })();
    for (let n = 0; n < 3; n++) {
      socket.write('x');
      fs.writeFileSync(${text(directory)} + '/watched/' + n, '');
      await forked(${text(directory)} + '/snapshot-' + n);
    }
    more = false;
    await spawning;
    await wait(() => echoed === 'xxx' && seen >= 3);
    assert.ok(ticks > 0 && ends.length > 0);
    assert.ok(ends.every(([same, signal]) => same && signal === null), JSON.stringify(ends));
    clearInterval(timer);
    watcher.close();
    // A copy that kept the socket open would keep this from being heard.
    await new Promise((resolve) => {
      server.on('close', resolve);
      socket.destroy();
      server.close();
    });
  `);
});

test('from a worker: that worker’s isolate', here, async (t) => {
  const directory = folder(t);
  await child(`
    globalThis.OnlyInMain = class OnlyInMain {};
    globalThis.main = new OnlyInMain();
    const worker = inWorker(\`
      class OnlyInWorker {}
      globalThis.kept = new OnlyInWorker();
      const take = (calls) => leakwatch.promises.writeSnapshot(workerData, { mode: 'fork' }).catch((error) => {
        if (calls === 0) throw error;
        return take(calls - 1);
      });
      take(2).then((result) => parentPort.postMessage(result));\`, { workerData: ${text(directory)} + '/worker' });
    const result = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    assert.strictEqual(result.mode, 'fork');
  `);
  const { strings } = readSnapshot(path.join(directory, 'worker'));
  assert.ok(strings.includes('OnlyInWorker'));
  assert.ok(!strings.includes('OnlyInMain'));
});

test('a copy that would take too much memory ends itself; the service goes on', here, async (t) => {
  const directory = folder(t);
  await child(`
    await assert.rejects(leakwatch.promises.writeSnapshot(${text(directory)}, { memoryLimit: 100000, force: true }), (error) => {
      assert.strictEqual(error.code, 'ERR_LEAKWATCH_NOT_ENOUGH_MEMORY', error.message);
      assert.strictEqual(error.available, 100000);
      assert.ok(error.limitedBy.includes('memoryLimit'));
      return true;
    });
    assert.deepStrictEqual(fs.readdirSync(${text(directory)}), []);
    assert.deepStrictEqual(children(), []);
    await forked(${text(directory)});
  `);
  assert.strictEqual(wholeFiles(directory), 1);
});

test('a copy that takes too long is ended', here, async (t) => {
  const directory = folder(t);
  await child(`
    const error = await leakwatch.promises.writeSnapshot(${text(directory)}, { timeout: 1 }).catch((error) => error);
    assert.strictEqual(error.code, 'ERR_LEAKWATCH_TIMED_OUT', String(error));
    assert.deepStrictEqual(fs.readdirSync(${text(directory)}), []);
    assert.deepStrictEqual(children(), []);
  `);
});

test('a copy dies with the service, and leaves nothing', here, async (t) => {
  const directory = folder(t);
  const { stdout, signal } = await run(
    FORK +
      `const kept = Array.from({ length: 200000 }, (_, n) => ({ n }));
      leakwatch.promises.writeSnapshot(${text(directory)}, { mode: 'fork' });
      until(() => children().length > 0, () => {
        fs.writeSync(1, children()[0]);
        process.kill(process.pid, 'SIGKILL');
      });`
  );
  assert.strictEqual(signal, 'SIGKILL');
  const alive = () => {
    try {
      // A zombie that nobody has reaped yet is dead.
      const stat = fs.readFileSync(`/proc/${stdout}/stat`, 'utf8');
      return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
    } catch (_) {
      return false;
    }
  };
  while (alive()) await new Promise((resolve) => setTimeout(resolve, 10));
  assertNoRest(directory);
  assert.strictEqual(wholeFiles(directory), 0);
});

test('the copy gives way, cannot dump its memory, and has none of the service’s files', here, async (t) => {
  const directory = folder(t);
  await child(`
    const kept = Array.from({ length: 200000 }, (_, n) => ({ n }));
    const taken = leakwatch.promises.writeSnapshot(${text(directory)}, { mode: 'fork', niceness: 7 });
    const named = () => children().find((pid) => fs.readFileSync('/proc/' + pid + '/comm', 'utf8') === 'leakwatch-fork\\n');
    await wait(named);
    const pid = named();
    const read = (name) => { try { return fs.readFileSync('/proc/' + pid + '/' + name, 'utf8'); } catch (_) { return null; } };
    const stat = read('stat');
    // It may be done by now, on a machine with better things to do.
    if (stat !== null && !/\\) [ZX]/.test(stat)) assert.strictEqual(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16], '7');
    const score = read('oom_score_adj');
    if (score !== null) assert.strictEqual(score.trim(), '1000');
    assert.ok(kept);
    await taken.catch((error) => assert.strictEqual(error.code, 'ERR_LEAKWATCH_FORK_FAILED'));
  `);
});

test('where it is refused it says so, and falls back', async (t) => {
  const directory = folder(t);
  const env = { LEAKWATCH_NATIVE_V8: 'off' };
  await passes(
    `(async () => {
      const { native, fallback, why } = leakwatch.capabilities().fork;
      assert.deepStrictEqual([native, fallback], [false, 'inline']);
      const error = await leakwatch.promises.writeSnapshot(${text(directory)}, { mode: 'fork' }).catch((error) => error);
      assert.strictEqual(error.code, 'ERR_LEAKWATCH_UNAVAILABLE');
      assert.ok(error.message.includes(why));
      assert.strictEqual((await leakwatch.promises.writeSnapshot(${text(directory)})).mode, 'inline');
    })();`,
    { env }
  );
  assert.ok(capabilities.fork.native || capabilities.fork.why);
});
