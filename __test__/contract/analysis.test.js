'use strict';

// Files in, meaning out: through the API and through the command. The leak is the story's own: a page script that wraps the
// host's console.error anew in each vm context.

const fs = require('fs');
const path = require('path');
const vm = require('vm');
const zlib = require('zlib');
const { execFile } = require('child_process');
const { test, before, after } = require('node:test');
const assert = require('node:assert');
const os = require('os');

const leakwatch = require('../..');

const CLI = path.join(__dirname, '..', '..', 'lib', 'cli.js');
const CONTEXTS = 40;

let folder;
let files;

function command(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-analysis-'));
  const page = 'const nativeError = console.error;\nconsole.error = (...argv) => { nativeError(...argv); };';
  // Joined, so that V8 keeps the name in two halves.
  const script = new vm.Script(page, { filename: path.join(folder, 'page.js') });
  const shared = { error: console.error };
  files = [];
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < CONTEXTS; i++) script.runInNewContext({ console: shared });
    await leakwatch.promises.tick();
    files.push(leakwatch.writeSnapshot(path.join(folder, `${round}.heapsnapshot`)));
  }
  global.leakwatchTestKeeps = shared;
});

after(() => {
  delete global.leakwatchTestKeeps;
  fs.rmSync(folder, { recursive: true, force: true });
});

test('summarize() tells the classes of a file', async () => {
  const summary = await leakwatch.summarize(files[2], { topClasses: 50 });
  assert.ok(summary.classes.length === 50 && summary.classCount >= 50);
  for (const row of summary.classes) {
    assert.ok(row.name && row.count > 0 && row.retained >= row.shallow && row.shallow >= 0, JSON.stringify(row));
  }
  const compressed = path.join(folder, 'again.heapsnapshot.gz');
  fs.writeFileSync(compressed, zlib.gzipSync(fs.readFileSync(files[2])));
  assert.deepStrictEqual((await leakwatch.summarize(compressed, { topClasses: 50 })).classes, summary.classes);
});

test('diff() names the leak, what holds it and where', async () => {
  const steps = [];
  const diff = await leakwatch.diff(files, { onProgress: (step) => steps.push(step.phase) });
  const [first] = diff.suspects;
  assert.strictEqual(first.rank, 1);
  assert.match(first.location.url, /page\.js$/);
  assert.strictEqual(first.location.line, 2);
  assert.ok(first.countAfter - first.countBefore >= CONTEXTS, first.sentence);
  assert.ok(first.share > 0.5 && first.growthBytes > 0, first.sentence);
  assert.ok(first.path.some((step) => /nativeError/.test(JSON.stringify(step))), JSON.stringify(first.path));
  assert.match(first.fingerprint, /^[0-9a-f]{8,}$/);
  assert.ok(steps.includes('parse'));
});

test('a suppressed leak is no suspect until its day has passed', async () => {
  const [{ fingerprint }] = (await leakwatch.diff(files)).suspects;
  const suppress = path.join(folder, 'suppress.json');
  const write = (expires) =>
    fs.writeFileSync(suppress, JSON.stringify({ suppress: [{ fingerprint, reason: 'known here', expires }] }));
  const named = async () => (await leakwatch.diff(files, { suppress })).suspects.map((s) => s.fingerprint);
  write('9999-12-31');
  assert.ok(!(await named()).includes(fingerprint));
  write('2000-01-01');
  assert.ok((await named()).includes(fingerprint));
});

test('bad input gets an error that says what', async () => {
  const bad = (promise, code) => assert.rejects(promise, { name: 'LeakwatchError', code });
  await bad(leakwatch.summarize(''), 'ERR_LEAKWATCH_INVALID_ARGUMENT');
  await bad(leakwatch.summarize(files[0], { classes: 1 }), 'ERR_LEAKWATCH_INVALID_ARGUMENT');
  await bad(leakwatch.diff([files[0]]), 'ERR_LEAKWATCH_INVALID_ARGUMENT');
  await bad(leakwatch.summarize(path.join(folder, 'none')), 'ERR_LEAKWATCH_SNAPSHOT_IO');
  await bad(leakwatch.summarize(__filename), 'ERR_LEAKWATCH_SNAPSHOT_FOREIGN');
  const half = path.join(folder, 'half.heapsnapshot');
  fs.writeFileSync(half, fs.readFileSync(files[0]).subarray(0, 100000));
  await bad(leakwatch.summarize(half), 'ERR_LEAKWATCH_SNAPSHOT_TRUNCATED');
  const abort = new AbortController();
  abort.abort();
  await bad(leakwatch.diff(files, { signal: abort.signal }), 'ERR_LEAKWATCH_ABORTED');
  const mine = new Error('mine');
  await assert.rejects(
    leakwatch.diff(files, {
      onProgress: () => {
        throw mine;
      },
    }),
    mine
  );
});

test('the command: text, JSON, HTML, redaction and exit codes', async () => {
  const text = await command('diff', ...files);
  assert.strictEqual(text.code, 1, text.stderr);
  assert.match(text.stdout, /page\.js:2:/);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(text.stdout, /\x1b/);
  const json = JSON.parse((await command('diff', '--json', ...files)).stdout);
  assert.ok(json.schemaVersion >= 1);
  assert.strictEqual((await command('summary', files[0])).code, 0);
  const html = path.join(folder, 'report.html');
  assert.strictEqual((await command('report', ...files, '-o', html)).code, 1);
  const page = fs.readFileSync(html, 'utf8');
  assert.match(page, /^<!doctype html>/i);
  assert.doesNotMatch(page, /(src|href)="https?:/);
  const redacted = path.join(folder, 'redacted.heapsnapshot');
  assert.strictEqual((await command('redact', files[2], redacted)).code, 0);
  assert.doesNotMatch(fs.readFileSync(redacted, 'utf8'), /const nativeError = console/);
  for (const wrong of [[], ['nothing'], ['diff', files[0]], ['diff', ...files, '--top', 'x'], ['summary', files[0], '--what']]) {
    const { code, stderr } = await command(...wrong);
    assert.strictEqual(code, 2, wrong.join(' '));
    assert.match(stderr, /^leakwatch: .+\n/);
  }
});
