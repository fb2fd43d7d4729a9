'use strict';
// leakwatch run: a program watched from outside, with its threads and children,
// and its signals and its end passed on as they are.

const assert = require('assert');
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { ROOT, folder, text, until } = require('./helper');
const { readRuns } = require(path.join(ROOT, 'lib', 'history', 'reader.js'));
const { nodeOptions } = require(path.join(ROOT, 'lib', 'cli', 'run.js'));

const CLI = path.join(ROOT, 'lib', 'cli.js');
const HUNG_MS = 120000;

/** Runs the command; `on(output, child)` is called as it goes on. The result is `{code, signal, stdout, stderr}`. */
function leakwatch(args, { cwd, env, on, detached = true, node = process.execPath } = {}) {
  const child = spawn(node, [CLI, ...args], { cwd, env: { ...process.env, ...env }, detached, stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (data) => {
      out[name] += data;
      if (on) on(out, child);
    });
  }
  return new Promise((resolve, reject) => {
    const hung = setTimeout(() => {
      process.kill(-child.pid, 'SIGKILL');
      reject(new Error(`it did not end: ${out.stderr}${out.stdout}`));
    }, HUNG_MS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(hung);
      resolve({ code, signal, ...out });
    });
  });
}

/** A program in a folder of its own; `{cwd, file, history}`. */
function program(t, source) {
  const cwd = folder(t);
  const file = path.join(cwd, 'app.js');
  fs.writeFileSync(file, `const leakwatch = require(${text(ROOT)});\n${source}`);
  return { cwd, file, history: path.join(cwd, 'history') };
}

const LEAK = 'const kept = []; for (let i = 0; i < 25; i++) { kept.push(new Array(1e5).fill(i + 0.5)); leakwatch.tick(); }';

const ENDS = {
  'by itself': ['', 0, null],
  'an exit code': ['process.exit(7);', 7, null],
  'an uncaught error': ["throw new Error('broken');", 1, null],
  'a signal of its own': ["process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 100);", null, 'SIGTERM'],
  'kill -9': ["process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 100);", null, 'SIGKILL'],
};
for (const [name, [source, code, signal]] of Object.entries(ENDS)) {
  test(`it ends as the program does: ${name}`, async (t) => {
    const { cwd, history } = program(t, source);
    const result = await leakwatch(['run', '--history', history, 'app.js'], { cwd });
    assert.deepStrictEqual([result.code, result.signal], [code, signal], result.stderr);
    assert.match(result.stderr, /^leakwatch: \[\d+\] (insufficient|no verdict)/m);
    assert.ok(result.stderr.includes(`leakwatch: history: ${history} (`));
  });
}

test('arguments, streams and the environment are the program’s own', async (t) => {
  const { cwd, history } = program(t, "console.log(JSON.stringify([process.argv.slice(2), process.env.HERE, process.env.LEAKWATCH_WINDOW])); console.error('to stderr');");
  const { stdout, stderr } = await leakwatch(['run', '--history', history, '--window', '33', 'app.js', '--history', 'x', '--', 'y z'], { cwd, env: { HERE: 'there' } });
  assert.deepStrictEqual(JSON.parse(stdout), [['--history', 'x', '--', 'y z'], 'there', '33']);
  assert.match(stderr, /^to stderr$/m);
});

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) {
  test(`${name} is the program’s to handle`, async (t) => {
    const { cwd, history } = program(t, `process.on('${name}', () => { console.log('got it'); process.exit(9); }); console.log('ready'); setInterval(() => {}, 100);`);
    let sent = false;
    const on = ({ stdout }, child) => {
      if (sent || !stdout.includes('ready')) return;
      sent = true;
      child.kill(name);
    };
    const result = await leakwatch(['run', '--history', history, 'app.js'], { cwd, on });
    assert.deepStrictEqual([result.code, result.signal, result.stdout], [9, null, 'ready\ngot it\n'], result.stderr);
  });
}

test('a signal nobody handles ends both, and the history is told all the same', async (t) => {
  const { cwd, history } = program(t, `${LEAK}
    const file = require('path').join(${text('')} || process.env.LEAKWATCH_HISTORY, process.pid + '-0.jsonl');
    const timer = setInterval(() => { if (require('fs').readFileSync(file, 'utf8').includes('"leaking"')) { clearInterval(timer); console.log('ready'); setInterval(() => {}, 100); } }, 50);`);
  let sent = false;
  const on = ({ stdout }, child) => {
    if (sent || !stdout.includes('ready')) return;
    sent = true;
    child.kill('SIGTERM');
  };
  const result = await leakwatch(['run', '--history', history, 'app.js'], { cwd, on });
  assert.deepStrictEqual([result.code, result.signal], [null, 'SIGTERM'], result.stderr);
  assert.match(result.stderr, /^leakwatch: \[\d+\] leaking: heap after full GC grew by/m);
});

test('--tell-on: the verdict while it runs, and the program sees no signal', async (t) => {
  const { cwd, history } = program(t, `process.on('SIGUSR2', () => console.log('seen')); ${LEAK} const timer = setInterval(() => {}, 100); process.on('SIGTERM', () => clearInterval(timer)); console.log('ready');`);
  const steps = [];
  const on = ({ stdout, stderr }, child) => {
    if (steps.length === 0 && stdout.includes('ready')) steps.push(child.kill('SIGUSR2'));
    if (steps.length === 1 && /^leakwatch: \[\d+\]/m.test(stderr)) steps.push(child.kill('SIGTERM'));
  };
  const result = await leakwatch(['run', '--history', history, '--tell-on', 'SIGUSR2', 'app.js'], { cwd, on });
  assert.deepStrictEqual([result.code, result.stdout], [0, 'ready\n'], result.stderr);
  assert.ok(result.stderr.match(/^leakwatch: \[\d+\]/gm).length >= 2);
});

test('a cluster of three and its one leak; worker threads too; and the page of it all', async (t) => {
  const { cwd, history } = program(t, `
    const cluster = require('cluster');
    const { Worker, isMainThread } = require('worker_threads');
    const main = cluster.isPrimary === undefined ? cluster.isMaster : cluster.isPrimary;
    if (main && isMainThread) {
      for (let i = 0; i < 3; i++) cluster.fork({ LEAKS: i === 1 ? 'yes' : '' });
      new Worker(__filename);
    } else if (process.env.LEAKS) {
      ${LEAK}
      process.disconnect();
    } else {
      for (let i = 0; i < 25; i++) leakwatch.tick();
      if (process.disconnect) process.disconnect();
    }`);
  const page = path.join(cwd, 'page.html');
  const result = await leakwatch(['run', '--history', history, '-o', page, 'app.js'], { cwd });
  assert.deepStrictEqual([result.code, result.signal], [0, null], result.stderr);
  const runs = readRuns([history]);
  assert.strictEqual(new Set(runs.map(({ header }) => header.pid)).size, 4, 'the primary and three workers');
  assert.deepStrictEqual(runs.map(({ header }) => header.threadId).sort(), [0, 0, 0, 0, 1]);
  const verdicts = runs.map(({ trend }) => trend && trend.verdict);
  assert.strictEqual(verdicts.filter((verdict) => verdict === 'leaking').length, 1, verdicts.join());
  const told = result.stderr.split('\n').filter((line) => /^leakwatch: \[/.test(line));
  assert.strictEqual(told.length, 5);
  assert.match(told[0], /leaking: heap after full GC/, 'the worst first');
  assert.match(fs.readFileSync(page, 'utf8'), /^<!doctype html>/);
});

test('a server that leaks under load is named, with its rate', async (t) => {
  const { cwd, history } = program(t, `
    const http = require('http');
    const sessions = new Map();
    const server = http.createServer((request, response) => {
      for (let i = 0; i < 200; i++) sessions.set(sessions.size, { at: request.url, cart: new Array(100).fill(i) });
      response.end('ok');
    });
    server.listen(0, '127.0.0.1', async () => {
      const { port } = server.address();
      const get = () => new Promise((resolve, reject) => http.get({ port, host: '127.0.0.1' }, (r) => r.resume().on('end', resolve)).on('error', reject));
      for (let i = 0; i < 20; i++) { await get(); await leakwatch.promises.tick(); }
      server.close();
    });`);
  const { code, stderr } = await leakwatch(['run', '--history', history, 'app.js'], { cwd });
  assert.strictEqual(code, 0, stderr);
  assert.match(stderr, /^leakwatch: \[\d+\] leaking: heap after full GC grew by \d+ [kK]B per tick/m);
});

test('a command: children that are Node are watched, whatever starts them', async (t) => {
  const { cwd, history } = program(t, 'leakwatch.tick();');
  const { code, stderr } = await leakwatch(['run', '--history', history, '--', 'sh', '-c', `"${process.execPath}" app.js; exit 5`], { cwd });
  assert.strictEqual(code, 5, stderr);
  assert.strictEqual(readRuns([history])[0].baselines.length, 1);
  const nothing = await leakwatch(['run', '--history', `${history}2`, '--', 'sh', '-c', 'exit 6'], { cwd });
  assert.strictEqual(nothing.code, 6);
  assert.match(nothing.stderr, /nothing was recorded/);
});

test('NODE_OPTIONS that are there are kept; a path may have spaces', async (t) => {
  const { cwd, file, history } = program(t, 'console.log(global.first, process.execArgv.length); leakwatch.tick();');
  const first = path.join(cwd, 'first one.js');
  fs.writeFileSync(first, "global.first = 'first';");
  const result = await leakwatch(['run', '--history', history, file], { env: { NODE_OPTIONS: `--require "${first}"` } });
  assert.deepStrictEqual([result.code, result.stdout], [0, 'first 0\n'], result.stderr);
  assert.strictEqual(readRuns([history]).length, 1);
  assert.match(nodeOptions('--a'), /^--a --require ".*register\.js"$/);
});

test('what is wrong is said before anything runs', async (t) => {
  const { cwd } = program(t, '');
  for (const args of [[], ['--'], ['nothing.js'], ['--what', 'app.js'], ['--tell-on', 'SIGNOT', 'app.js'], ['--', 'no-such-command-here']]) {
    const { code, stderr, stdout } = await leakwatch(['run', ...args], { cwd, env: { TMPDIR: cwd } });
    assert.deepStrictEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, /^leakwatch: .+\n/);
  }
});

test('what start() would refuse is said before anything runs, by its flag', async (t) => {
  const { cwd } = program(t, '');
  fs.writeFileSync(path.join(cwd, 'taken'), '');
  const cases = [
    ['--force-gc-every', 'often', /^leakwatch: --force-gc-every: must be a number from 10 to \d+, not 'often'\n/],
    ['--window', '1', /^leakwatch: --window: must be a number from 8 to 100000, not 1\n/],
    ['--thresholds', '{', /^leakwatch: --thresholds: must be JSON: /],
    ['--thresholds', '{"minForced":1}', /^leakwatch: --thresholds: minForced: must be /],
    ['--on-leak', 'shout', /^leakwatch: --on-leak: must be 'emit' or 'capture', not 'shout'\n/],
    ['-o', path.join('nowhere', 'page.html'), /^leakwatch: -o nowhere.page\.html: there is no directory /],
    ['--history', 'taken', /^leakwatch: --history taken cannot be a folder: EEXIST/],
  ];
  for (const [name, value, why] of cases) {
    const { code, stderr, stdout } = await leakwatch(['run', name, value, '--', process.execPath, '-e', 'console.log("ran")'], { cwd, env: { TMPDIR: cwd } });
    assert.deepStrictEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, why);
  }
  assert.deepStrictEqual(fs.readdirSync(cwd).filter((name) => name.startsWith('leakwatch-run-')), []);
});

const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;
test('Ctrl-C at a terminal reaches the program once', hasTerminal ? {} : { skip: 'no script(1) to make a terminal with' }, async (t) => {
  const { cwd, file, history } = program(t, `
    let count = 0;
    process.on('SIGINT', () => console.log('int ' + ++count));
    process.on('SIGUSR2', () => { console.log('in all ' + count); process.exit(count); });
    console.log('pid ' + process.ppid + ' ready');
    setInterval(() => {}, 100);`);
  // exec, since a shell in between would die of the SIGINT itself and its code be told (dash does; bash does not).
  const child = spawn('script', ['-qec', `exec "${process.execPath}" "${CLI}" run --history "${history}" "${file}"`, '/dev/null'], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (data) => (out += data));
  const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
  await until(() => out.includes('ready'));
  child.stdin.write('\x03');
  await until(() => out.includes('int 1'));
  child.stdin.write('\x03');
  await until(() => out.includes('int 2'));
  // By way of the command, so that a signal it had passed on before would come first.
  process.kill(Number(/pid (\d+)/.exec(out)[1]), 'SIGUSR2');
  assert.strictEqual(await ended, 2, out);
});
