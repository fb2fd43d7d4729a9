'use strict';

// `leakwatch/matchers` under real Vitest, in each of its pools.

const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const assert = require('node:assert');
const { example, run, scratch } = require('./runner');

const SETUP = `
  import { expect } from 'vitest';
  import matchers from 'leakwatch/matchers';
  expect.extend(matchers);
`;

const TESTS = `
  import { expect, test, vi } from 'vitest';
  const sessions = new Map();
  const login = () => sessions.set('session ' + sessions.size, { at: sessions.size });
  const patient = { timeMs: 60000 };
  test('clean', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
    await expect(() => JSON.stringify({ a: 1 })).not.toLeak(patient);
    vi.useRealTimers();
  }, 500000);
  test('leaks', async () => { await expect(login).not.toLeak(patient); }, 500000);
`;

for (const pool of ['forks', 'threads', 'vmThreads']) {
  test(`Vitest, pool ${pool}: the function that leaks is told from the one that does not`, async (context) => {
    const files = {
      'package.json': '{ "name": "matchers", "private": true }',
      'setup.mjs': SETUP,
      'sessions.test.mjs': TESTS,
      'vitest.config.mjs': "export default { test: { include: ['*.test.mjs'], setupFiles: ['./setup.mjs'] } };",
    };
    const folder = scratch(context, files);
    const packages = path.join(example('vitest'), 'node_modules');
    fs.symlinkSync(packages, path.join(folder, 'node_modules'), 'junction');
    const { code, text } = await run(folder, [path.join(packages, 'vitest', 'vitest.mjs'), 'run', `--pool=${pool}`]);
    assert.strictEqual(code, 1, text);
    assert.match(text, /Tests +1 failed \| 1 passed/, text);
    assert.match(text, /✓ clean/, text);
    assert.match(text, /× leaks/, text);
    assert.match(text, /the function leaks: the JS heap grows by [\d.]+ B per iteration/, text);
    assert.match(text, /1\. .* are kept by the Map/, text);
  });
}
