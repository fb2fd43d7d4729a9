'use strict';

// Vitest, Mocha and node:test, run in the folders that users copy: the same table, budgets and suppress file.

const path = require('path');
const { test } = require('node:test');
const assert = require('node:assert');
const nodes = require('../tools/nodes');
const { example, run, scratch } = require('./runner');

const TABLE = /^file +after GC +growth +contexts +detached +time +environment$/m;

const fingerprint = (text) => /fingerprint ([0-9a-f]{16})/.exec(text)[1];
const suppress = (context, id) => {
  const entry = { fingerprint: id, reason: 'accepted here', expires: '2999-12-31' };
  return path.join(scratch(context, { 'suppress.json': JSON.stringify({ suppress: [entry] }) }), 'suppress.json');
};

for (const pool of ['forks', 'threads', 'vmThreads']) {
  test(`Vitest, pool ${pool}: a row for each file and no alarm`, async () => {
    const folder = example('vitest');
    const { code, text } = await run(folder, ['node_modules/vitest/vitest.mjs', 'run', `--pool=${pool}`]);
    assert.strictEqual(code, 0, text);
    assert.match(text, TABLE);
    assert.match(text, /leakwatch: Vitest, .*2 test files/);
    assert.match(text, /^test\/clock\.test\.js /m);
    assert.match(text, /^test\/list\.test\.js /m);
  });
}

test('Vitest: a file over its budget fails the run, unless it is suppressed', async (context) => {
  const folder = example('vitest');
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.leaks.config.js'];
  const { code, text } = await run(folder, args);
  assert.strictEqual(code, 1, text);
  assert.match(text, /leaks\/orders\.test\.js left [\d.]+ MB behind; its budget is 5\.0 MB/);
  const again = await run(folder, args, { env: { LEAKWATCH_SUPPRESS: suppress(context, fingerprint(text)) } });
  assert.strictEqual(again.code, 0, again.text);
});

test('Mocha: files that let everything go are no alarm, in one process and in parallel', async () => {
  const folder = example('mocha');
  for (const more of [[], ['--parallel']]) {
    const { code, text } = await run(folder, ['node_modules/mocha/bin/mocha.js', ...more, '--require', 'leakwatch/mocha', 'test']);
    assert.strictEqual(code, 0, text);
    assert.match(text, /2 passing/);
    assert.match(text, TABLE);
    assert.match(text, /^(steady|insufficient): none of 2 test files leaks$/m);
  }
});

test('Mocha: what grows from file to file is named, and fails the run unless it is suppressed', async (context) => {
  const folder = example('mocha');
  const args = ['node_modules/mocha/bin/mocha.js', '--exit', '--require', 'leakwatch/mocha', 'leaks'];
  const env = { LEAKWATCH_FAIL_ON_LEAK: 'true', LEAKWATCH_COST_LIMIT: 'off' };
  const { code, text } = await run(folder, args, { env });
  assert.strictEqual(code, 1, text);
  assert.match(text, /12 passing/);
  assert.match(text, /more .*\{id.* kept by the Map in the variable orders \([^;]*\), src\/orders\.js:4:7/, text);
  const again = await run(folder, args, { env: { ...env, LEAKWATCH_SUPPRESS: suppress(context, fingerprint(text)) } });
  assert.strictEqual(again.code, 0, again.text);
});

test('node:test: a row for each file; one over its budget fails the run', async () => {
  const folder = example('node-test');
  const args = (...files) => [
    '--test', '--import', 'leakwatch/register', '--test-reporter', 'spec', '--test-reporter-destination', 'stdout',
    '--test-reporter', 'leakwatch/node-test-reporter', '--test-reporter-destination', 'stderr', ...files,
  ];
  const clean = await run(folder, args('test/clock.test.js', 'test/list.test.js'), { env: { LEAKWATCH_FAIL_ON_LEAK: 'true' } });
  assert.strictEqual(clean.code, 0, clean.text);
  assert.match(clean.text, TABLE);
  assert.match(clean.text, /leakwatch: node:test, 2 processes, 2 test files/);
  const env = { LEAKWATCH_FAIL_ON_LEAK: 'true', LEAKWATCH_FILE_BUDGET: '5 MB' };
  const leaking = await run(folder, args('leaks/orders.test.js'), { env });
  assert.strictEqual(leaking.code, 1, leaking.text);
  assert.match(leaking.text, /leaks\/orders\.test\.js left [\d.]+ MB behind; its budget is 5\.0 MB/);
});

test('node:test without isolation: it is said that nothing was measured, and no outcome changes', async () => {
  const folder = example('node-test');
  const node = await nodes.ensure('24.21.0');
  const args = ['--test', '--test-isolation=none', '--import', 'leakwatch/register', '--test-reporter', 'leakwatch/node-test-reporter', '--test-reporter-destination', 'stderr'];
  const { code, text } = await run(folder, [...args, 'test/clock.test.js', 'test/list.test.js'], { node, env: { LEAKWATCH_FAIL_ON_LEAK: 'true' } });
  assert.strictEqual(code, 0, text);
  assert.match(text, /^leakwatch: without isolation .* nothing was measured$/m, text);
});
