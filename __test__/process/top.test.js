'use strict';
// leakwatch top: from files and from processes, on a terminal and off it.

const assert = require('assert');
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { ROOT, folder, text, until } = require('./helper');
const { frame, sparkline } = require(path.join(ROOT, 'lib', 'cli', 'top-view.js'));

const CLI = path.join(ROOT, 'lib', 'cli.js');
const REGISTER = path.join(ROOT, 'register.js');

/** A program that ticks until it is told to end. */
function leaking(t, env) {
  const directory = folder(t);
  const source = `
    const leakwatch = require(${text(ROOT)});
    const kept = [];
    const timer = setInterval(() => { kept.push(new Array(2e4).fill(kept.length + 0.5)); leakwatch.tick(); }, 20);
    process.once('message', () => { clearInterval(timer); process.disconnect(); });
    process.send('ready');`;
  const child = spawn(process.execPath, ['--require', REGISTER, '-e', source], {
    env: { ...process.env, LEAKWATCH_HISTORY: directory + path.sep, LEAKWATCH_REPORT: 'off', ...env }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.after(() => child.kill('SIGKILL'));
  const ready = new Promise((resolve) => child.once('message', resolve));
  const ended = new Promise((resolve) => child.on('close', resolve));
  return { child, directory, ready, ended, stop: () => child.send('end') };
}

function top(args, options) {
  const child = spawn(process.execPath, [CLI, 'top', ...args], options);
  const out = { child, text: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (data) => (out.text += data));
  child.stderr.setEncoding('utf8').on('data', (data) => (out.errors += data));
  out.ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal || code)));
  return out;
}

test('off a terminal it prints lines, until the program has ended', async (t) => {
  const program = leaking(t);
  await program.ready;
  const view = top([program.directory, '--interval', '200ms']);
  await until(() => / leaking {2}heap/.test(view.text) || view.child.exitCode !== null);
  program.stop();
  assert.strictEqual(await view.ended, 0, view.errors);
  const lines = view.text.trim().split('\n');
  assert.match(lines[lines.length - 1], new RegExp(`^${program.child.pid} .*leaking \\(ended\\)  heap .* ± \\+`));
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(view.text, /\x1b/);
  const once = top([program.directory, '--once']);
  assert.strictEqual(await once.ended, 0);
  assert.strictEqual(once.text.trim().split('\n').length, 1);
});

test('a process: by its history where it has no socket', async (t) => {
  const temporary = folder(t);
  const program = leaking(t);
  await program.ready;
  const named = top([String(program.child.pid), '--once'], { env: { ...process.env, TMPDIR: temporary, XDG_RUNTIME_DIR: '', LEAKWATCH_CONTROL: '', LEAKWATCH_HISTORY: program.directory } });
  assert.strictEqual(await named.ended, 0, named.errors);
  assert.match(named.text, new RegExp(`^${program.child.pid} `));
});

test('a process is asked over its socket, and its end is seen', async (t) => {
  const sockets = path.join(folder(t), 'c');
  const program = leaking(t, { LEAKWATCH_CONTROL: sockets, LEAKWATCH_HISTORY: '' });
  await program.ready;
  const view = top([String(program.child.pid), '--interval', '200ms', '--control', sockets]);
  await until(() => / leaking {2}heap/.test(view.text) || view.child.exitCode !== null);
  program.stop();
  assert.strictEqual(await view.ended, 0, view.errors);
  assert.match(view.text, /leaking \(ended\)/);
});

test('what cannot be followed is said', async (t) => {
  const empty = folder(t);
  for (const args of [[], ['nothing'], ['1', '2'], ['999999999'], [empty, '--interval', 'x']]) {
    const view = top(args, { env: { ...process.env, TMPDIR: empty } });
    assert.strictEqual(await view.ended, 2, args.join(' '));
    assert.match(view.errors, /^leakwatch: .+\n/);
  }
});

test('a process that does not answer is said, not passed over', { skip: process.platform === 'win32' }, async (t) => {
  const control = folder(t);
  fs.chmodSync(control, 0o700);
  // A name that nobody listens at, as a process leaves it that was stopped or killed.
  fs.writeFileSync(path.join(control, `${process.pid}.sock`), '');
  const view = top(['--once', '--control', control, String(process.pid)], { env: { ...process.env, TMPDIR: control } });
  assert.strictEqual(await view.ended, 2);
  assert.match(view.errors, /^leakwatch: .*\.sock .*\n$/);
  assert.strictEqual(view.text, '');
});

const ROW = {
  pid: 4711, threadId: 0, name: '4711', program: 'server.js', verdict: 'leaking', reason: 'heap after full GC grew by 1.0 MB per tick over 20 baselines', bytesPerSecond: 2e5,
  timeToLimitMs: 3.6e6, heapUsed: 5e7, growth: 4e7, heapLimit: 4e9, inUse: 6e7, external: 1e6, rss: 1e8, baselines: 20, collections: 900, series: [1, 2, 3, 4], hasEnded: false,
};
// eslint-disable-next-line no-control-regex
const plain = (line) => line.replace(/\x1b\[\d*m/g, '');

test('the screen fits whatever size the terminal has', () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({ ...ROW, pid: i, name: `${i}.${i % 3}`, verdict: ['steady', 'leaking', null][i % 3] }));
  for (const columns of [20, 40, 80, 200]) {
    for (const height of [6, 24, 50]) {
      const lines = frame(rows, { columns, height, isColoured: true, now: 0 });
      assert.ok(lines.length <= height, `${lines.length} lines in ${height}`);
      for (const line of lines) assert.ok(plain(line).length <= columns, `${columns}: ${plain(line)}`);
    }
  }
  const wide = frame(rows, { columns: 120, height: 40, isColoured: false, now: 0 }).join('\n');
  assert.match(wide, /1\.1 +server\.js +leaking +50 MB +\+40 MB +\+200 kB\/s +1 h 0 min/);
  assert.match(wide, /▁▃▆█/);
  assert.match(wide, /grew by 1\.0 MB per tick/);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(wide, /\x1b/);
  assert.match(frame([], { columns: 80, height: 24, now: 0 }).join('\n'), /nothing recorded yet/);
  assert.strictEqual(sparkline([5, 5, 5], 10), '▁▁▁');
});

const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;
const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[?25h\x1b[?1049l';
for (const [name, leave, code] of [['q', (view) => view.child.stdin.write('q'), 0], ['Ctrl-C', (view) => view.child.stdin.write('\x03'), 130], ['SIGTERM', (view) => process.kill(view.pid(), 'SIGTERM'), 143]]) {
  test(`the terminal is given back: ${name}`, hasTerminal ? {} : { skip: 'no script(1) to make a terminal with' }, async (t) => {
    const program = leaking(t);
    await program.ready;
    const pidFile = path.join(folder(t), 'pid');
    const command = `stty cols 90 rows 20; sh -c 'echo $$ > "${pidFile}"; exec "${process.execPath}" "${CLI}" top "${program.directory}"'; echo "code $?"; stty -a`;
    const view = { child: spawn('script', ['-qec', command, '/dev/null'], { env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh' }, stdio: ['pipe', 'pipe', 'inherit'] }), text: '' };
    view.pid = () => Number(fs.readFileSync(pidFile, 'utf8'));
    view.child.stdout.setEncoding('utf8').on('data', (data) => (view.text += data));
    const ended = new Promise((resolve) => view.child.on('close', resolve));
    await until(() => view.text.includes(ENTER) && view.text.includes('verdict'));
    leave(view);
    await ended;
    assert.ok(view.text.includes(LEAVE), 'the cursor and the screen are back');
    assert.match(view.text.slice(view.text.indexOf(LEAVE)), new RegExp(`code ${code}\\r?\\n`));
    assert.match(view.text, /[^-]icanon/, 'lines are edited again');
    program.stop();
  });
}
