'use strict';
// What a service has around it while a copy of it takes a snapshot: none of it may notice.
//
// Where it matters that a copy is alive, it is stopped in the middle of its work.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { spawnSync } = require('child_process');
const { test } = require('node:test');
const { child } = require('./copies');
const { assertNoRest, folder, needs, text, wholeFiles } = require('./helper');

const here = needs('fork');

test('pipes and sockets end for the other side although a copy lives', here, async (t) => {
  const directory = folder(t);
  await child(`
    const { spawn } = require('child_process');
    const net = require('net');
    const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'pipe'] });
    let echoed = '';
    cat.stdout.setEncoding('utf8').on('data', (data) => (echoed += data));
    const closed = new Promise((resolve) => cat.on('close', (...how) => resolve(how)));
    let serverSide;
    const server = net.createServer((socket) => { serverSide = socket; socket.resume(); }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const client = net.connect(server.address().port, '127.0.0.1').resume();
    await wait(() => serverSide);
    const ended = new Promise((resolve) => client.on('close', resolve));
    const result = await whileStopped(${text(directory)}, async () => {
      cat.stdin.end('said while a copy lives');
      assert.deepStrictEqual(await closed, [0, null]);
      serverSide.destroy();
      await ended;
      await new Promise((resolve) => server.close(resolve));
    });
    assert.strictEqual(echoed, 'said while a copy lives');
    assert.strictEqual(result.mode, 'fork');
    assert.deepStrictEqual(children(), []);
  `);
  assert.ok(wholeFiles(directory) >= 1);
  assertNoRest(directory);
});

test('a cluster goes on serving, and its workers come and go', here, async (t) => {
  const directory = folder(t);
  const program = path.join(directory, 'worker.js');
  fs.writeFileSync(
    program,
    `const server = require('http').createServer((request, response) => response.end('served')).listen(0, '127.0.0.1');
     process.on('message', async ({ take }) => {
       const leakwatch = require(take.root);
       const result = await leakwatch.promises.writeSnapshot(take.where).catch((error) => ({ mode: String(error) }));
       process.send({ mode: result.mode });
     });`
  );
  await child(`
    const cluster = require('cluster');
    const http = require('http');
    (cluster.setupPrimary || cluster.setupMaster)({ exec: ${text(program)} });
    const workers = [cluster.fork(), cluster.fork()];
    const ports = await Promise.all(workers.map((one) => new Promise((resolve) => one.once('listening', ({ port }) => resolve(port)))));
    const get = (port) => new Promise((resolve, reject) => http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (data) => (body += data)).on('end', () => resolve(body));
    }).on('error', reject));
    const ends = [];
    cluster.on('exit', (worker, code, signal) => ends.push([worker.id, code, signal]));
    await whileStopped(${text(directory)} + '/primary', async () => {
      for (const port of ports) assert.strictEqual(await get(port), 'served');
      // A copy that kept the channel open would keep the worker from seeing its end.
      workers[0].disconnect();
      await wait(() => ends.length === 1);
    });
    assert.deepStrictEqual(ends, [[workers[0].id, 0, null]]);
    const answer = new Promise((resolve) => workers[1].once('message', resolve));
    workers[1].send({ take: { root: ROOT, where: ${text(directory)} + '/worker' } });
    assert.strictEqual(await get(ports[1]), 'served');
    assert.match((await answer).mode, /^(fork|inline)$/);
    assert.strictEqual(await get(ports[1]), 'served');
    workers[1].kill();
    await wait(() => ends.length === 2);
    assert.deepStrictEqual(children(), []);
  `);
  assertNoRest(directory);
});

test('an inspector with its debugger and profiler at work', here, async (t) => {
  const directory = folder(t);
  await child(`
    const inspector = require('inspector');
    const http = require('http');
    inspector.open(0, '127.0.0.1');
    const session = new inspector.Session();
    session.connect();
    const post = (method, params) => new Promise((resolve, reject) => {
      session.post(method, params, (error, result) => (error ? reject(error) : resolve(result)));
    });
    await post('Debugger.enable');
    await post('Profiler.enable');
    await post('Profiler.start');
    const about = () => new Promise((resolve, reject) => {
      http.get(new URL('/json/version', inspector.url().replace(/^ws/, 'http')), (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      }).on('error', reject);
    });
    // A profiler that holds its lock may cost every copy: what counts is what is left of the service.
    const taken = await leakwatch.promises.writeSnapshot(${text(directory)});
    assert.match(taken.mode, /^(fork|inline)$/);
    await whileStopped(${text(directory)}, async () => assert.strictEqual(await about(), 200)).catch((error) => {
      assert.strictEqual(error.code, 'ERR_LEAKWATCH_FORK_FAILED');
    });
    churn();
    const { profile } = await post('Profiler.stop');
    assert.ok(profile.nodes.length > 0);
    const { result } = await post('Runtime.evaluate', { expression: '6 * 7' });
    assert.strictEqual(result.value, 42);
    session.disconnect();
    inspector.close();
  `);
  assertNoRest(directory);
});

test('observers, event-loop delay, timers and workers go on', here, async (t) => {
  const directory = folder(t);
  const { stdout } = await child(`
    const { PerformanceObserver, monitorEventLoopDelay, performance } = require('perf_hooks');
    const seen = { gc: 0, measure: 0, ticks: 0, messages: 0 };
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(({ entryType }) => seen[entryType]++));
    observer.observe({ entryTypes: ['gc', 'measure'] });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const timer = setInterval(() => seen.ticks++, 1);
    // One worker sleeps in Atomics.wait, one answers.
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const sleeper = inWorker("Atomics.wait(workerData, 0, 0); parentPort.postMessage('woken');", { workerData: shared });
    const woken = new Promise((resolve) => sleeper.once('message', resolve));
    const answering = inWorker("parentPort.on('message', (n) => n === null ? parentPort.close() : parentPort.postMessage(n));");
    answering.on('message', (n) => { seen.messages++; answering.postMessage(n + 1); });
    answering.postMessage(0);
    process.stdout.write('once ');
    await whileStopped(${text(directory)}, async () => {
      const before = Object.assign({}, seen);
      performance.mark('a');
      performance.mark('b');
      performance.measure('between', 'a', 'b');
      const count = delay.min;
      leakwatch.gc();
      await wait(() => Object.keys(seen).every((name) => seen[name] > before[name]));
      assert.ok(count > 0);
    });
    Atomics.store(shared, 0, 1);
    Atomics.notify(shared, 0);
    assert.strictEqual(await woken, 'woken');
    assert.ok(delay.max > 0);
    observer.disconnect();
    delay.disable();
    clearInterval(timer);
    answering.removeAllListeners('message');
    answering.postMessage(null);
    process.stdout.write('and once');
  `);
  // A copy that flushed the service's streams would say it twice.
  assert.strictEqual(stdout, 'once and once');
});

test('each mapping has the flags that it had', here, async (t) => {
  const directory = folder(t);
  await child(`
    const kept = Array.from({ length: 100000 }, (_, n) => ({ n }));
    const flags = () => {
      const found = new Map();
      let start = null;
      for (const line of fs.readFileSync('/proc/self/smaps', 'utf8').split('\\n')) {
        const range = line.match(/^([0-9a-f]+)-([0-9a-f]+) /);
        if (range) start = range[0];
        else if (line.startsWith('VmFlags:')) found.set(start, / dc\\b/.test(line));
      }
      return found;
    };
    await forked(${text(directory)});
    const before = flags();
    for (let n = 0; n < 3; n++) await forked(${text(directory)});
    const after = flags();
    const same = [...after].filter(([range]) => before.has(range));
    assert.ok(same.length > 50, String(same.length));
    assert.deepStrictEqual(same.filter(([range, flag]) => before.get(range) !== flag), []);
    assert.ok(kept);
  `);
});

const prlimit = spawnSync('prlimit', ['--version']);
const needsLimits = here.skip || prlimit.status === 0 ? here : { skip: 'prlimit is not here to set a limit with' };

test('a copy that the system gives no memory dies; the service goes on', needsLimits, async (t) => {
  const directory = folder(t);
  await child(`
    const { spawnSync } = require('child_process');
    const kept = Array.from({ length: 200000 }, (_, n) => ({ n, text: 'number ' + n }));
    const limit = (bytes) => assert.strictEqual(spawnSync('prlimit', ['--pid', String(process.pid), '--data=' + bytes + ':']).status, 0);
    leakwatch.gc();
    const data = Number(fs.readFileSync('/proc/self/status', 'utf8').match(/VmData:\\s+(\\d+)/)[1]) * 1024;
    // Enough for the service to go on, and a fraction of what a graph of these objects takes.
    limit(data + 50e6);
    const error = await leakwatch.promises.writeSnapshot(${text(directory)}, { mode: 'fork', force: true }).catch((error) => error);
    assert.ok(['ERR_LEAKWATCH_NOT_ENOUGH_MEMORY', 'ERR_LEAKWATCH_FORK_FAILED'].includes(error.code), String(error.message || error.path));
    assert.deepStrictEqual(fs.readdirSync(${text(directory)}), []);
    assert.deepStrictEqual(children(), []);
    limit('unlimited');
    assert.ok(kept);
    await forked(${text(directory)});
  `);
  assert.strictEqual(wholeFiles(directory), 1);
});
