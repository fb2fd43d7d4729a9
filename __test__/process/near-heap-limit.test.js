'use strict';
// Near the heap limit: one snapshot, and then the end as it would have been.

const assert = require('assert');
const { test } = require('node:test');
const { assertNoRest, files, folder, needs, passes, run, text, wholeFiles } = require('./helper');

const here = needs('nearHeapLimit');
const LEAK = 'const kept = []; const leak = () => { for (let i = 0; i < 20000; i++) kept.push({ i, text: "t" + i }); };';
// A small heap, since a snapshot costs by the node; the first test takes a larger one.
const args = ['--max-old-space-size=24'];
const start = (directory, more = '') => `leakwatch.start({ nearHeapLimit: true, snapshotDir: ${text(directory)} ${more} });`;

/** What the death of a process looks like from outside. */
const death = ({ code, signal, stderr }) => ({ code, signal, fatal: /FATAL ERROR: .*heap out of memory/.test(stderr) });

for (const [name, grow] of Object.entries({
  'in one go': 'for (;;) leak();',
  'over many turns': 'setInterval(leak, 0);',
  'with little objects in a long array': 'const big = []; for (;;) big.push({});',
  'in a microtask loop': '(async () => { for (;;) { leak(); await null; } })();',
})) {
  test(`main, ${name}: the same end, and a whole snapshot`, here, async (t) => {
    const directory = folder(t);
    const limit = name === 'in one go' ? ['--max-old-space-size=64'] : args;
    const plain = await run(LEAK + grow, { args: limit });
    const watched = await run(start(directory) + LEAK + grow, { args: limit });
    assert.deepStrictEqual(death(watched), death(plain), watched.stderr);
    assert.ok(death(plain).fatal, plain.stderr);
    assert.strictEqual(wholeFiles(directory), 1, files(directory).join());
    assertNoRest(directory);
  });
}

test('a worker with resourceLimits: the same error, and a whole snapshot', here, async (t) => {
  const directory = folder(t);
  const program = (watching) => `
    const worker = inWorker(${text(watching + LEAK + 'for (;;) leak();')}, { resourceLimits: { maxOldGenerationSizeMb: 32 } });
    const seen = [];
    worker.on('error', (error) => seen.push(error.code, error.message));
    worker.on('exit', (code) => console.log(JSON.stringify([code, ...seen])));`;
  const plain = await passes(program(''));
  const watched = await passes(program(start(directory)));
  assert.strictEqual(watched.stdout, plain.stdout);
  assert.match(plain.stdout, /ERR_WORKER_OUT_OF_MEMORY/);
  assert.strictEqual(wholeFiles(directory), 1, files(directory).join());
  assertNoRest(directory);
});

/** Leaks, and tells each heap limit it sees. */
const TELL = `const v8 = require('v8');
  let last = 0;
  for (;;) {
    leak();
    const { heap_size_limit: limit } = v8.getHeapStatistics();
    if (limit !== last) fs.writeSync(1, limit + ' ');
    last = limit;
  }`;
const MIB = 1 << 20;
const raises = (stdout) => {
  const limits = stdout.trim().split(' ').map(Number);
  return limits.slice(1).map((limit, at) => limit - limits[at]);
};

test('the limit is raised once, and the last words are the verdict and the file', here, async (t) => {
  const directory = folder(t);
  const plain = await run(LEAK + TELL, { args });
  const watched = await run(start(directory) + LEAK + TELL, { args });
  assert.deepStrictEqual(raises(plain.stdout), []);
  assert.deepStrictEqual(raises(watched.stdout), [32 * MIB], watched.stdout);
  assert.deepStrictEqual(death(watched), death(plain), watched.stderr);
  assert.strictEqual(wholeFiles(directory), 1, files(directory).join());
  const [name] = files(directory);
  const words = watched.stderr.split('\n').filter((line) => line.startsWith('leakwatch['));
  assert.strictEqual(words.length, 2, watched.stderr);
  assert.ok(words[0].includes('near the heap limit, snapshot: ') && words[0].includes(name), words[0]);
  assert.match(words[1], /^leakwatch\[\d+\]: (insufficient|steady|growing|leaking): ./);
});

test('in a worker, where Node listens too, a little more lets Node have its turn', here, async (t) => {
  const directory = folder(t);
  const { stdout } = await passes(`
    const worker = inWorker(${text(start(directory) + LEAK + TELL)}, { resourceLimits: { maxOldGenerationSizeMb: 32 } });
    worker.on('error', ({ code }) => console.log('/' + code));
    worker.on('exit', (code) => console.log('/' + code));`);
  const [limits, error, code] = stdout.split('/').map((part) => part.trim());
  assert.deepStrictEqual([error, code], ['ERR_WORKER_OUT_OF_MEMORY', '1']);
  const [first, ...rest] = raises(limits);
  assert.strictEqual(first, 32 * MIB, limits);
  assert.ok(rest.length <= 1 && rest.every((raise) => raise === 16 * MIB), limits);
  assert.strictEqual(wholeFiles(directory), 1, files(directory).join());
});

test('a process that lets go after the snapshot lives on, and is told', here, async (t) => {
  const directory = folder(t);
  await passes(
    `const watch = leakwatch.start({ nearHeapLimit: true, snapshotDir: ${text(directory)} });
    ${LEAK}
    const limit = () => require('v8').getHeapStatistics().heap_size_limit;
    const before = limit();
    const timer = setInterval(() => { if (limit() === before) leak(); else kept.length = 0; }, 1);
    watch.on('snapshot', (told) => {
      assert.strictEqual(told.cause, 'nearHeapLimit');
      assert.strictEqual(told.bytes, fs.statSync(told.path).size);
      assert.ok(told.nodes > 1000);
      clearInterval(timer);
    });`,
    { args }
  );
  assert.strictEqual(wholeFiles(directory), 1);
});

test('a snapshot that cannot be written changes nothing about the end', here, async () => {
  const watched = await run(start('/nowhere/at/all') + LEAK + 'for (;;) leak();', { args });
  assert.deepStrictEqual([death(watched).fatal, watched.signal], [true, 'SIGABRT'], watched.stderr);
});

test('options given later count: no longer asked for, another folder', here, async (t) => {
  const [first, second] = [folder(t), folder(t)];
  await run(`${start(first)} ${start(second)} ${LEAK} for (;;) leak();`, { args });
  assert.deepStrictEqual(files(first), []);
  assert.strictEqual(wholeFiles(second), 1);
  const third = folder(t);
  await run(`${start(third)} leakwatch.start({ snapshotDir: ${text(third)} }); ${LEAK} for (;;) leak();`, { args });
  assert.deepStrictEqual(files(third), []);
});

test('stop takes it out', here, async (t) => {
  const directory = folder(t);
  const watched = await run(`${start(directory)} leakwatch.stop(); ${LEAK} for (;;) leak();`, { args });
  assert.ok(death(watched).fatal, watched.stderr);
  assert.deepStrictEqual(files(directory), []);
});

test('together with a signal and forced ticks', here, async (t) => {
  const directory = folder(t);
  const more = ", forceGcEvery: 10, snapshotSignal: 'SIGUSR2'";
  const watched = await run(`${start(directory, more)} ${LEAK} kill(); setInterval(leak, 0);`, { args });
  assert.ok(death(watched).fatal, watched.stderr);
  assert.ok(wholeFiles(directory) >= 1, files(directory).join());
  assertNoRest(directory);
});

test("Node's own --heapsnapshot-near-heap-limit goes on working", here, async (t) => {
  const directory = folder(t);
  const watched = await run(`${start(directory)} ${LEAK} for (;;) leak();`, {
    args: ['--max-old-space-size=16', '--heapsnapshot-near-heap-limit=1', `--diagnostic-dir=${directory}`],
  });
  assert.ok(death(watched).fatal, watched.stderr);
  assert.ok(files(directory).some((name) => name.startsWith('Heap.')), files(directory).join());
  assert.ok(files(directory).some((name) => name.startsWith('leakwatch-')), files(directory).join());
});
