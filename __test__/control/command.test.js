'use strict';
// `leakwatch list|status|baseline|snapshot|suspects`, as a person calls them.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { CLI, command, directory, event, folder, readSnapshot, served, until } = require('./helper');

const posix = process.platform === 'win32' ? { skip: 'directories with modes are of POSIX' } : {};
/**
 * Grows whenever the heap was collected in full, as before each capture, so that it has grown between any two however slow they
 * are, and by as much on every machine; until it is told to stop.
 */
const GROWING = `
  const kept = global.kept = [];
  setInterval(() => {}, 1000);
  const { PerformanceObserver, constants } = require('perf_hooks');
  const isMajor = ({ kind, detail }) => (detail ? detail.kind : kind) === constants.NODE_PERFORMANCE_GC_MAJOR;
  const observer = new PerformanceObserver((list) => {
    if (!list.getEntries().some(isMajor) || kept.length >= 1e6) return;
    for (let i = 0; i < 5000; i++) kept.push({ order: i, text: 'order ' + i });
  });
  observer.observe({ entryTypes: ['gc'] });
  process.once('message', () => { observer.disconnect(); process.send('stopped'); });`;

test('list and status tell of it, as text and as JSON', posix, async (t) => {
  const control = directory(t);
  const { pid } = await served(t, control);
  const list = await command(['list', '--control', control]);
  assert.strictEqual(list.code, 0, list.stderr);
  assert.match(list.stdout, new RegExp(`^pid .*verdict.*\\n${pid} .*insufficient`));
  const { processes } = JSON.parse((await command(['list', '--json'], { env: { LEAKWATCH_CONTROL: control } })).stdout);
  assert.deepStrictEqual(processes.map((each) => each.pid), [pid]);
  const status = await command(['status', String(pid), '--control', control]);
  assert.match(status.stdout, /^watching +yes, 0 baselines$/m);
  assert.strictEqual(JSON.parse((await command(['status', String(pid), '--json', '--control', control])).stdout).schema, 1);
});

test('baseline and snapshot', posix, async (t) => {
  const control = directory(t);
  const files = folder(t);
  const { pid } = await served(t, control);
  const baseline = await command(['baseline', String(pid), '--label', 'by hand', '--control', control]);
  assert.match(baseline.stdout, /^heap +[\d.]+ MB$/m);
  assert.match(baseline.stdout, /\(by hand\)$/m);
  // Relative paths are those of the one who asks.
  for (const [o, args] of [['./', []], ['named.heapsnapshot', []], ['packed', ['--compress', 'gzip']]]) {
    const { code, stdout, stderr } = await command(['snapshot', String(pid), '-o', o, '--control', control, ...args], { cwd: files });
    assert.strictEqual(code, 0, stderr);
    const [file] = stdout.split('\n');
    assert.strictEqual(path.dirname(file), fs.realpathSync(files));
    readSnapshot(file);
  }
});

test('suspects: what grew between captures, exit code 1; nothing grew, 0; nothing is left', posix, async (t) => {
  const control = directory(t);
  const files = folder(t);
  const child = await served(t, control, GROWING);
  const args = ['suspects', String(child.pid), '--control', control, '--dir', files, '--min-growth', '100000'];
  const { code, stdout, stderr } = await command([...args, '--json', '--interval', '0.2s']);
  assert.strictEqual(code, 1, stderr);
  const report = JSON.parse(stdout);
  assert.match(JSON.stringify(report), /kept/);
  const stopped = event(child, 'message');
  child.send('stop');
  await stopped;
  const still = await command([...args, '--interval', '10ms', '--count', '2']);
  assert.strictEqual(still.code, 0, still.stdout + still.stderr);
  assert.deepStrictEqual(fs.readdirSync(files), []);
});

test('suspects, interrupted: nothing is left', posix, async (t) => {
  const control = directory(t);
  const files = folder(t);
  const child = await served(t, control);
  const { code } = await command(['suspects', String(child.pid), '--control', control, '--dir', files, '--interval', '1h'], {
    onSpawn: (asking) => until(() => fs.readdirSync(files).length > 0 && fs.readdirSync(path.join(files, fs.readdirSync(files)[0])).length > 0).then(() => asking.kill('SIGINT')),
  });
  assert.strictEqual(code, 130);
  await until(() => fs.readdirSync(files).length === 0);
});

test('suspects: what could not be done in the end is said before the first capture', posix, async (t) => {
  const control = directory(t);
  const { pid } = await served(t, control);
  const cases = [
    [['--dir', '/no/such/directory'], /^leakwatch: --dir needs a directory that is there, not .no.such.directory\n/],
    [['--suppress', '/no/such/file'], /^leakwatch: suppress: cannot be read: ENOENT/],
    [['-o', '/no/such/directory/out'], /^leakwatch: -o .*: there is no directory .no.such.directory\n/],
  ];
  for (const [options, why] of cases) {
    const { code, stdout, stderr } = await command(['suspects', String(pid), '--control', control, ...options]);
    assert.deepStrictEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, why);
  }
  const { code, stderr } = await command(['status', String(pid), '--control', control, '--thread', '9']);
  assert.strictEqual(code, 2);
  assert.match(stderr, /^leakwatch: no thread 9 of this process has a control socket; those that have one: 0\n/);
});

test('what is wrong is said, with exit code 2', async () => {
  const cases = {
    'suspects takes one process': ['suspects'],
    'by its number': ['status', 'nginx'],
    'there is no process 4194305': ['baseline', '4194305'],
    'unknown option --pid': ['status', '--pid', '1'],
    '--interval needs a time': ['suspects', '1', '--interval', 'soon'],
    '--thread needs a whole number': ['status', '1', '--thread', '-1'],
    '--compress needs gzip or zstd': ['snapshot', '1', '--compress', 'rar'],
    'list takes no process': ['list', '1'],
  };
  for (const [why, args] of Object.entries(cases)) {
    const { code, stderr } = await command(args);
    assert.strictEqual(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.ok(stderr.includes(why), stderr);
  }
});

test('another user cannot ask, and is told whose it is', process.getuid && process.getuid() === 0 ? {} : { skip: 'needs root, to be somebody else' }, async (t) => {
  const { spawnSync } = require('child_process');
  const control = directory(t);
  const { pid } = await served(t, control);
  fs.chmodSync(path.dirname(control), 0o755);
  const node = spawnSync('setpriv', ['--reuid=65534', '--clear-groups', process.execPath, CLI, 'status', String(pid), '--control', control], { encoding: 'utf8' });
  if (node.error || /Permission denied|not permitted/.test(node.stderr)) {
    // The checkout itself may be closed to others.
    t.skip(`cannot run as somebody else here: ${node.error || node.stderr}`);
    return;
  }
  assert.strictEqual(node.status, 2);
  assert.match(node.stderr, /belongs to user 0|cannot be looked at/);
});
