'use strict';
// `leakwatch/matchers` in a real Jest project: globals, fake timers, module resets.

const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFile } = require('child_process');
const { test } = require('node:test');
const packages = require('../tools/case-packages');

const ROOT = path.join(__dirname, '..', '..');
const HANGS_AFTER_MS = 10 * 60 * 1000;

const SOURCE = `
  jest.setTimeout(500000);
  jest.useFakeTimers({ doNotFake: ['performance'] });
  beforeEach(() => jest.resetModules());
  const sessions = new Map();
  const login = () => sessions.set('session ' + sessions.size, { at: sessions.size });
  const options = { timeMs: 60000 };

  test('clean', async () => {
    await expect(() => JSON.stringify({ a: 1 })).not.toLeak(options);
  });
  test('leaks', async () => {
    await expect(login).not.toLeak(options);
  });
`;

test('in Jest, with what holds the leak in the message', async (t) => {
  packages.ensure();
  const jest = path.join(ROOT, '__test__', 'cases', 'node_modules', 'jest', 'bin', 'jest.js');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-matchers-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const config = { testEnvironment: 'node', setupFilesAfterEnv: [path.join(ROOT, 'matchers.js')], transform: {} };
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'project', jest: config }));
  fs.writeFileSync(path.join(folder, 'sessions.test.js'), SOURCE);
  const env = { ...process.env, NODE_OPTIONS: '', CI: 'true' };
  delete env.NODE_TEST_CONTEXT;
  const { code, text } = await new Promise((resolve) => {
    execFile(process.execPath, [jest, '-i'], { cwd: folder, env, timeout: HANGS_AFTER_MS }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, text: stdout + stderr });
    });
  });
  assert.strictEqual(code, 1, text);
  assert.match(text, /✓ clean/);
  assert.match(text, /✕ leaks \(/);
  assert.match(text, /the function leaks: the JS heap grows by [\d.]+ B per iteration/);
  assert.match(text, /1\. .*sessions.*sessions\.test\.js:\d+/s);
});
