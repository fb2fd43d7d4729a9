'use strict';
// Loaded more than once, in realms, clusters and copies: one session an isolate.

const assert = require('assert');
const path = require('path');
const { test } = require('node:test');
const { folder, needs, passes, text, wholeFiles } = require('./helper');

/** Loads the facade, and the addon with it, anew. */
const AGAIN = `
const again = () => {
  for (const name of Object.keys(require.cache)) if (name.startsWith(ROOT) && !name.includes('node_modules')) delete require.cache[name];
  return require(ROOT);
};
`;

test('a second load is another module and the same Watch', async () => {
  await passes(`${AGAIN}
    const watch = leakwatch.start({ window: 30 });
    leakwatch.tick('first');
    const other = again();
    assert.notStrictEqual(other, leakwatch);
    assert.strictEqual(other.start(), watch);
    assert.deepStrictEqual(other.history().baselines.map((b) => b.label), ['first']);
    assert.strictEqual(other.tick('second').index, leakwatch.history().baselines[0].index + 1);
    assert.deepStrictEqual(leakwatch.history(), other.history());
  `);
});

test('GCs are counted once, however many loads there are', async () => {
  await passes(`${AGAIN}
    const loads = [leakwatch, again(), again(), again()];
    loads.forEach((load) => load.start({ window: 20 }));
    const majors = () => loads.map((load) => load.stats().gc.major.count);
    const before = majors()[0];
    leakwatch.gc();
    (async () => {
      await wait(() => majors()[0] > before);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const grown = majors().map((count) => count - before);
      assert.ok(new Set(grown).size === 1, grown.join());
      assert.ok(grown[0] <= 2, grown.join());
    })();
  `);
});

test('whichever load stops, all have stopped', async () => {
  await passes(`${AGAIN}
    leakwatch.start();
    const other = again();
    other.stop();
    const { gcs } = leakwatch.history();
    leakwatch.gc(); churn();
    setTimeout(() => {
      assert.deepStrictEqual(leakwatch.history().gcs, gcs);
      leakwatch.start();
      leakwatch.tick('on again');
      assert.strictEqual(other.history().baselines.pop().label, 'on again');
    }, 50);
  `);
});

test('events are told to the listeners of every load', async (t) => {
  const directory = folder(t);
  await passes(`${AGAIN}
    const seen = [];
    leakwatch.start().on('snapshot', () => seen.push('watch'));
    const other = again();
    const dispose = other.snapshotOnSignal('SIGUSR2', { path: ${text(directory)}, cooldown: 0, callback: () => seen.push('callback') });
    (async () => {
      for (let round = 1; round <= 3; round++) {
        kill();
        await wait(() => seen.length === round * 2);
      }
      assert.deepStrictEqual(seen.sort(), [...Array(3).fill('callback'), ...Array(3).fill('watch')]);
      dispose();
    })();
  `);
  assert.strictEqual(wholeFiles(directory), 3);
});

test('errors of each load are of its own class, with the same code', async () => {
  await passes(`${AGAIN}
    const other = again();
    for (const load of [leakwatch, other]) {
      assert.throws(() => load.writeSnapshot('/nowhere/at/all'), (error) => error instanceof load.LeakwatchError && error.code === 'ERR_LEAKWATCH_NO_DIRECTORY');
    }
  `);
});

/** Another copy of the package, as two packages that need two versions bring along. */
const COPY = `
const copyTo = (where) => {
  const { platformName } = require(path.join(ROOT, 'lib/native'));
  for (const name of ['index.js', 'package.json', 'lib', 'leakwatch.' + platformName() + '.node']) {
    fs.cpSync(path.join(ROOT, name), path.join(where, name), { recursive: true });
  }
  return require(where);
};
`;

test('another copy of the package is another watching, and ends alone', async (t) => {
  await passes(`${COPY}
    const other = copyTo(${text(folder(t))});
    const [watch, theirs] = [leakwatch.start({ window: 30 }), other.start()];
    assert.notStrictEqual(watch, theirs);
    const [seen, told] = [[], []];
    const into = (labels) => ({ label }) => label === null || labels.push(label);
    watch.on('baseline', into(seen));
    theirs.on('baseline', into(told));
    leakwatch.tick('ours');
    other.tick('theirs');
    assert.strictEqual(other.history().baselines.pop().label, 'theirs');
    other.stop();
    assert.deepStrictEqual(told, ['theirs']);
    leakwatch.tick('ours still');
    wait(() => seen.length === 2).then(() => {
      assert.deepStrictEqual(seen, ['ours', 'ours still']);
      assert.deepStrictEqual(watch.options, { window: 30 });
      leakwatch.stop();
      clearInterval(keep);
    });
    const keep = setInterval(() => {}, 1000);
  `);
});

test('two copies on one signal: the app hears each once, every time, and no file takes the name of another', needs('signalWhileBusy'), async (t) => {
  const directory = folder(t);
  const { stdout } = await passes(`${COPY}
    const to = ${text(directory)};
    fs.mkdirSync(to + '/out');
    const roots = [ROOT, to + '/copy'];
    const copies = [leakwatch, copyTo(roots[1])];
    const told = [[], []];
    const ends = copies.map((copy, at) => copy.snapshotOnSignal('SIGUSR2', { path: to + '/out', cooldown: 0, max: 0, callback: (error, { path: file }) => told[at].push(file) }));
    // What the thread of each does twice a second: it comes on top of whoever is there.
    const claims = roots.map((root) => () => require(path.join(root, 'lib/host')).native.reclaimSignal('SIGUSR2'));
    let handled = 0;
    process.on('SIGUSR2', () => handled++);
    (async () => {
      for (let sent = 1; told.some(({ length }) => length < 3) || sent <= 20; sent++) {
        if (sent % 3) claims[sent % 2]();
        kill();
        await wait(() => handled >= sent);
        assert.strictEqual(handled, sent);
      }
      const before = handled;
      ends.forEach((end) => end());
      await wait(() => fs.readdirSync(to + '/out').every((name) => name.startsWith('leakwatch-')));
      assert.strictEqual(handled, before);
      const files = [].concat(...told);
      assert.strictEqual(new Set(files).size, files.length);
      for (const file of files) assert.ok(fs.existsSync(file), file);
      process.exit();
    })();
  `);
  assert.strictEqual(stdout, '');
  assert.ok(wholeFiles(path.join(directory, 'out')) >= 6);
});

test('figures that a GC changed between two readings do not end in the fallback', needs('statistics'), async () => {
  await passes(`${AGAIN}
    const v8 = require('v8');
    const read = v8.getHeapStatistics;
    let readings = 0;
    leakwatch.tick('before');
    v8.getHeapStatistics = () => {
      const statistics = read();
      if (readings === 0) statistics.number_of_native_contexts += 1;
      readings += 1;
      return statistics;
    };
    const other = again();
    assert.strictEqual(other.capabilities().statistics.native, true);
    assert.ok(readings > 1);
    assert.deepStrictEqual(other.history().baselines.map(({ label }) => label), ['before']);
  `);
});

test('50 loads leave no listeners behind', async () => {
  await passes(`${AGAIN}
    const before = process.eventNames().length;
    for (let i = 0; i < 50; i++) { const load = again(); load.start({ window: 20 }); load.tick(); load.stop(); }
    assert.ok(process.eventNames().length - before <= 1, process.eventNames().join());
    process.on('warning', (warning) => { throw warning; });
  `);
});

test('loaded from a vm context', async (t) => {
  // The context's own Error, Promise and typed arrays are not those of the addon's realm.
  const directory = folder(t);
  await passes(`
    const vm = require('vm');
    const context = vm.createContext({ leakwatch, assert, directory: ${text(directory)}, done: () => process.stdout.write('done') });
    vm.runInContext(\`
      leakwatch.start({ window: 20 });
      assert.strictEqual(leakwatch.tick('vm').label, 'vm');
      assert.throws(() => leakwatch.start({ window: 1 }), { code: 'ERR_LEAKWATCH_INVALID_ARGUMENT' });
      leakwatch.writeSnapshot(directory, { onProgress: () => {} });
      (async () => {
        await leakwatch.promises.writeSnapshot(directory);
        await leakwatch.promises.tick();
        done();
      })();\`, context);
  `).then(({ stdout }) => assert.strictEqual(stdout, 'done'));
  assert.strictEqual(wholeFiles(directory), 2);
});

test('evaluated inside vm contexts that go away', async () => {
  // As Jest does: facade modules anew in a context for each file, the addon from outside.
  await passes(`
    const vm = require('vm'), Module = require('module');
    const evaluate = (context, file, cache) => {
      if (cache[file]) return cache[file].exports;
      const module = (cache[file] = { exports: {} });
      const inner = (name) => {
        if (!name.startsWith('.')) return name.endsWith('.node') ? require(name) : require(name);
        return evaluate(context, Module.createRequire(file).resolve(name), cache);
      };
      const code = fs.readFileSync(file, 'utf8');
      vm.runInContext('(function (module, exports, require, __dirname, __filename) {' + code + '})', context)(module, module.exports, inner, path.dirname(file), file);
      return module.exports;
    };
    (async () => {
      for (let round = 0; round < 5; round++) {
        const context = vm.createContext({ process, Buffer, console, setTimeout, queueMicrotask, URL, SharedArrayBuffer, Atomics });
        const inside = evaluate(context, ROOT + '/index.js', {});
        inside.start({ window: 20 });
        inside.tick('round ' + round);
        assert.throws(() => inside.start({ window: 1 }), (error) => error instanceof vm.runInContext('Error', context));
        await inside.promises.tick();
        inside.stop();
      }
      assert.strictEqual(leakwatch.history().baselines.length, 10);
      const settled = await leakwatch.promises.tick();
      // Bounded by the realm of the one Watch, not by the rounds; the fallback collects from contexts of its own.
      const bound = leakwatch.capabilities().forcedGc.native ? 3 : 5;
      assert.ok(settled.nativeContexts <= bound, settled.nativeContexts + ' contexts: leakwatch holds those it was evaluated in');
    })();
  `);
});

test('in a cluster each process is watched for itself', (t) => {
  const directory = folder(t);
  const fs = require('fs');
  const path = require('path');
  const { ROOT } = require('./helper');
  const program = path.join(directory, 'cluster.js');
  const out = path.join(directory, 'out');
  fs.mkdirSync(out);
  fs.writeFileSync(program, `
    'use strict';
    const cluster = require('cluster');
    const leakwatch = require(${text(ROOT)});
    leakwatch.start({ snapshotSignal: 'SIGUSR2', snapshotDir: ${text(out)} });
    if (cluster.isMaster) {
      const children = [cluster.fork(), cluster.fork()];
      for (const child of children) child.on('message', (message) => message === 'ready' ? process.kill(child.process.pid, 'SIGUSR2') : child.disconnect());
      cluster.on('exit', (worker, code, signal) => { if (code !== 0) { console.error(code, signal); process.exitCode = 1; } });
    } else {
      require('http').createServer().listen(0, () => process.send('ready'));
      leakwatch.start().once('snapshot', () => process.send('served'));
    }`);
  const { spawnSync } = require('child_process');
  const result = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 300000 });
  assert.deepStrictEqual([result.status, result.signal], [0, null], result.stderr);
  assert.strictEqual(wholeFiles(out), 2);
});

test('a process that forks while watched has children that can be watched', async () => {
  await passes(`
    leakwatch.start();
    leakwatch.tick();
    const child = require('child_process').fork('-e', [], { execArgv: ['-e', 'const l = require(' + JSON.stringify(ROOT) + '); process.send(l.start().constructor.name + l.tick().index)'] });
    child.on('message', (message) => { assert.strictEqual(message, 'Watch0'); child.disconnect(); });
  `);
});

test('process.on and emit replaced by the app', async () => {
  // APM tools wrap these; leakwatch must not depend on what they return.
  await passes(`
    const { on, emit } = process;
    process.on = function (...args) { on.apply(this, args); };
    process.emit = function (...args) { return emit.apply(this, args); };
    leakwatch.snapshotOnSignal('SIGUSR2', { path: '/nowhere/' })();
    leakwatch.start({ snapshotSignal: 'SIGHUP' });
    leakwatch.stop();
    assert.strictEqual(process.listenerCount('SIGUSR2') + process.listenerCount('SIGHUP'), 0);
  `);
});
