'use strict';
// leakwatch/register: watching a program that cannot be edited, by LEAKWATCH_*.

const assert = require('assert');
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { test } = require('node:test');
const { ROOT, folder, files, needs, passes, run, wholeFiles } = require('./helper');

const REGISTER = path.join(ROOT, 'register.js');
const FORMS = { '--require': ['--require', REGISTER], '--import': ['--import', pathToFileURL(REGISTER).href] };

for (const [form, args] of Object.entries(FORMS)) {
  test(`${form} watches before the program begins`, async () => {
    const { stderr } = await passes(
      `assert.deepStrictEqual(leakwatch.start().options, { window: 33, forceGcEvery: 50, onLeak: 'capture', thresholds: { minForced: 9 } });
      leakwatch.tick();`,
      {
        args,
        env: { LEAKWATCH_WINDOW: '33', LEAKWATCH_FORCE_GC_EVERY: '50', LEAKWATCH_ON_LEAK: 'capture', LEAKWATCH_THRESHOLDS: '{"minForced": 9}' },
      }
    );
    assert.strictEqual(stderr, '', 'nothing is said unless there is something to say');
  });
}

const args = FORMS['--require'];

test('every option of start has its variable', async (t) => {
  const directory = folder(t);
  const numeric = path.join(directory, '2026');
  fs.mkdirSync(numeric);
  await passes(
    `const { snapshotDir, snapshotSignal, nearHeapLimit } = leakwatch.start().options;
    assert.deepStrictEqual([snapshotDir, snapshotSignal, nearHeapLimit], ['2026', 'SIGHUP', false]);`,
    { args, cwd: directory, env: { LEAKWATCH_SNAPSHOT_DIR: '2026', LEAKWATCH_SNAPSHOT_SIGNAL: 'SIGHUP', LEAKWATCH_NEAR_HEAP_LIMIT: 'off' } }
  );
});

const WRONG = {
  LEAKWATCH_WINDOW: ['many', '7', '1.5', '-8'],
  LEAKWATCH_FORCE_GC_EVERY: ['soon', '1', 'true'],
  LEAKWATCH_ON_LEAK: ['explode', '1'],
  LEAKWATCH_SNAPSHOT_SIGNAL: ['SIGKILL', 'USR2', '12'],
  LEAKWATCH_NEAR_HEAP_LIMIT: ['maybe', '2'],
  LEAKWATCH_THRESHOLDS: ['{', '[]', '{"nonsense": 1}', '{"minForced": "x"}'],
};
for (const [name, values] of Object.entries(WRONG)) {
  test(`a wrong ${name} is said, and the program runs`, async () => {
    for (const value of values) {
      const { stdout, stderr } = await passes("console.log('ran');", { args, env: { [name]: value } });
      assert.strictEqual(stdout, 'ran\n');
      const line = stderr.split('\n').filter(Boolean);
      assert.strictEqual(line.length, 1, `${name}=${value}: ${stderr}`);
      assert.match(line[0], new RegExp(`^leakwatch\\[\\d+\\]: not watching: ${name}: `), 'by the name it was given by');
      assert.doesNotMatch(line[0], /\0|\{"/, 'text alone');
    }
  });
}

test('a variable that is empty is one that is not set', async () => {
  const env = Object.fromEntries(Object.keys(WRONG).map((name) => [name, '']));
  const { stderr } = await passes('assert.deepStrictEqual(leakwatch.start().options, {});', { args, env });
  assert.strictEqual(stderr, '');
});

test('LEAKWATCH_REPORT: exit tells the verdict, off nothing, a wrong one is said', async () => {
  const of = async (value) => (await passes('leakwatch.tick();', { args, env: { LEAKWATCH_REPORT: value } })).stderr;
  assert.match(await of('exit'), /^leakwatch\[\d+\]: insufficient: .+\n$/);
  assert.strictEqual(await of('off'), '');
  assert.strictEqual(await of('leak'), '');
  assert.match(await of('always'), /LEAKWATCH_REPORT must be one of off, leak, exit/);
});

test('a process without a binary of ours runs all the same', (t) => {
  const broken = path.join(folder(t), 'broken.node');
  fs.writeFileSync(broken, 'no library');
  for (const file of [broken, path.join(ROOT, 'nothing.node')]) {
    const env = { ...process.env, LEAKWATCH_NATIVE_PATH: file };
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, '-p', '6 * 7'], { env, encoding: 'utf8' });
    assert.deepStrictEqual([status, stdout], [0, '42\n'], stderr);
    assert.match(stderr, /^leakwatch\[\d+\]: not watching: .*\.node.*\n$/, 'one line');
  }
});

test('the command itself is none to be watched, in whichever environment it is called', (t) => {
  const directory = folder(t);
  const [link, control, history] = ['leakwatch', 'control', 'history'].map((name) => path.join(directory, name));
  // As npm puts it into node_modules/.bin.
  fs.symlinkSync(path.join(ROOT, 'lib', 'cli.js'), link);
  const env = { ...process.env, NODE_OPTIONS: `--require ${REGISTER}`, LEAKWATCH_CONTROL: control, LEAKWATCH_HISTORY: `${history}/`, LEAKWATCH_REPORT: 'exit' };
  for (const command of [link, path.join(ROOT, 'lib', 'cli.js')]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'list', '--json', '--control', control], { env, encoding: 'utf8' });
    assert.deepStrictEqual({ status, listed: JSON.parse(stdout).processes, stderr }, { status: 0, listed: [], stderr: '' });
  }
  assert.deepStrictEqual(files(directory), ['leakwatch']);
});

test('the report is written though the program closed or broke its streams', async () => {
  const { stderr } = await passes(
    'console.error = process.stderr.write = () => { throw new Error("broken"); }; process.exit(0);',
    { args, env: { LEAKWATCH_REPORT: 'exit' } }
  );
  assert.match(stderr, /insufficient/);
  // Nobody reads it any more.
  await passes('process.on("message", () => process.exit(0)); process.send("ready");', {
    args,
    env: { LEAKWATCH_REPORT: 'exit' },
    onSpawn: (child) => child.on('message', () => child.stderr.destroy() && child.send('end')),
  });
});

test('workers are watched too, each for itself', async () => {
  const { stderr } = await passes(
    `inWorker("leakwatch.start().options.window === 44 || process.exit(9); leakwatch.tick('w');").on('exit', (code) => assert.strictEqual(code, 0));`,
    { args, env: { LEAKWATCH_WINDOW: '44', LEAKWATCH_REPORT: 'exit' } }
  );
  assert.match(stderr, /^leakwatch\[\d+\.1\]: /m);
  assert.match(stderr, /^leakwatch\[\d+\]: /m);
});

test('children inherit it through NODE_OPTIONS', async (t) => {
  const directory = folder(t);
  const { stderr } = await passes(
    `require('child_process').execFileSync(process.execPath, ['-e', 'process.exitCode = 0'], { stdio: 'inherit' });`,
    { cwd: directory, env: { NODE_OPTIONS: `--require ${REGISTER}`, LEAKWATCH_REPORT: 'exit' } }
  );
  assert.strictEqual(stderr.match(/insufficient/g).length, 2);
});

test('a leak is said in one line, and captured', async (t) => {
  const directory = folder(t);
  const { stderr } = await passes(
    `const kept = [];
    const watch = leakwatch.start();
    const timer = setInterval(() => {}, 100);
    for (let i = 0; i < 25; i++) { kept.push(new Array(1e5).fill(i + 0.5)); leakwatch.tick(); }
    watch.once('snapshot', () => clearInterval(timer));`,
    { args, env: { LEAKWATCH_ON_LEAK: 'capture', LEAKWATCH_SNAPSHOT_DIR: directory } }
  );
  assert.match(stderr, /^leakwatch\[\d+\]: leak: heap .*B per tick/m);
  assert.match(stderr, /^leakwatch\[\d+\]: snapshot \(leak\): /m);
  assert.strictEqual(wholeFiles(directory), 1);
});

test('a snapshot on a signal, by variables alone', async (t) => {
  const directory = folder(t);
  const { stderr } = await passes(
    `const timer = setInterval(() => {}, 100);
    leakwatch.start().once('snapshot', () => clearInterval(timer));
    kill('SIGHUP');`,
    { args, env: { LEAKWATCH_SNAPSHOT_SIGNAL: 'SIGHUP', LEAKWATCH_SNAPSHOT_DIR: directory } }
  );
  assert.match(stderr, /snapshot \(SIGHUP\): /);
  assert.strictEqual(wholeFiles(directory), 1);
});

test('no core and no wait: a program under register ends as without', needs('gcEvents'), async (t) => {
  const directory = folder(t);
  for (const program of ["throw new Error('x');", 'process.exit(7);', "kill('SIGTERM'); setInterval(() => {}, 100);"]) {
    const [plain, watched] = [await run(program), await run(program, { args, cwd: directory })];
    assert.deepStrictEqual([watched.code, watched.signal], [plain.code, plain.signal], program);
  }
  assert.deepStrictEqual(files(directory), []);
});
