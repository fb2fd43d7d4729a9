'use strict';

// `leakwatch/jest` as the only setup file of real Jest projects: in band and in workers, with fake timers, module resets and
// failing tests. What is checked is what a user reads: the outcome, unchanged, and the table.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFile } = require('child_process');
const { test, describe, before, after } = require('node:test');
const assert = require('node:assert');

const packages = require('../tools/case-packages');

const SETUP = path.join(__dirname, '..', '..', 'jest.js');
const HANGS_AFTER_MS = 8 * 60 * 1000;

let folder;
let jest;

/** A project whose files are `{name: source}`. */
function project(name, files, config = {}) {
  const root = path.join(folder, name);
  fs.mkdirSync(root);
  fs.writeFileSync(
    path.join(root, 'package.json'),
    JSON.stringify({
      name,
      jest: { testEnvironment: 'node', setupFiles: [SETUP], transform: {}, ...config },
    })
  );
  for (const [file, source] of Object.entries(files)) fs.writeFileSync(path.join(root, file), source);
  return root;
}

function run(root, ...args) {
  const env = { ...process.env, NODE_OPTIONS: '', CI: 'true' };
  // The test runner above us must not be taken for a parent.
  delete env.NODE_TEST_CONTEXT;
  return new Promise((resolve) => {
    const options = { cwd: root, env, timeout: HANGS_AFTER_MS, maxBuffer: 1 << 26 };
    execFile(process.execPath, [jest, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, text: stdout + stderr });
    });
  });
}

/** `count` test files of one source. */
function copies(count, source) {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`file${i + 1}.test.js`, source]));
}

const CLEAN = `
  const { EventEmitter } = require('events');
  // Jest 28 cannot fake what Node 19 made read-only.
  jest.useFakeTimers({ doNotFake: ['performance'] });
  beforeEach(() => jest.resetModules());
  test('works', () => {
    const emitter = new EventEmitter();
    const seen = jest.fn();
    emitter.on('x', seen);
    setTimeout(() => emitter.emit('x'), 1000);
    jest.runAllTimers();
    expect(seen).toHaveBeenCalledTimes(1);
  });
`;

// What keeps the file's whole environment: the outer realm's process, which outlives it, holds a closure of it.
const KEEPS = `
  const real = require('timers');
  const payload = Array.from({ length: 20000 }, (_, i) => ({ i, text: 'kept ' + i }));
  test('leaves a timer behind', () => {
    real.setInterval(() => payload.length, 1e9).unref();
  });
`;

describe('leakwatch/jest', () => {
  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-jest-'));
    packages.ensure();
    jest = path.join(__dirname, '..', 'cases', 'node_modules', 'jest', 'bin', 'jest.js');
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('a clean project keeps its outcome and is not called leaking', async () => {
    const root = project('clean', copies(12, CLEAN));
    const { code, text } = await run(root, '-i');
    assert.strictEqual(code, 0, text);
    assert.match(text, /Tests: +12 passed, 12 total/);
    assert.match(text, /leakwatch: Jest, .*12 test files/);
    for (let i = 1; i <= 12; i++) assert.match(text, new RegExp(`^file${i}\\.test\\.js +[\\d.]+ MB`, 'm'));
    assert.match(text, /^(steady|growing|insufficient): /m, text);
    assert.doesNotMatch(text, /^leaking: /m, text);
  });

  test('files that stay behind are found leaking', async () => {
    const root = project('keeps', copies(14, KEEPS));
    const { code, text } = await run(root, '-i');
    assert.strictEqual(code, 0, text);
    assert.match(text, /^leaking: (heap|number of contexts)/m, text);
  });

  test('each worker tells of its own files', async () => {
    const root = project('workers', copies(8, CLEAN));
    const { code, text } = await run(root, '-w', '2');
    assert.strictEqual(code, 0, text);
    const counts = Array.from(text.matchAll(/leakwatch: Jest, worker \d+, (\d+) test files?/g), (m) => Number(m[1]));
    assert.strictEqual(counts.reduce((a, b) => a + b, 0), 8, text);
    assert.strictEqual(counts.length, 2, text);
  });

  test('a failing test fails as without it, and the table is there', async () => {
    const root = project('fails', { 'a.test.js': "test('no', () => { expect(1).toBe(2); });" });
    const { code, text } = await run(root, '-i');
    assert.strictEqual(code, 1, text);
    assert.match(text, /Tests: +1 failed, 1 total/);
    assert.match(text, /leakwatch: Jest, .*1 test file$/m);
  });

  test('automock, mocked core modules and restoreMocks do not reach us', async () => {
    const source = `
      jest.mock('fs');
      jest.mock('path');
      test('mocked', () => { expect(jest.isMockFunction(require('fs').readFileSync)).toBe(true); });
    `;
    const root = project('mocks', copies(3, source), { automock: true, restoreMocks: true });
    const { code, text } = await run(root, '-i');
    assert.strictEqual(code, 0, text);
    assert.match(text, /leakwatch: Jest, .*3 test files/);
  });
});
