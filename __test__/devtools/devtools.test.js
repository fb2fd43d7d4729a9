'use strict';

// Dominators, retained sizes, classes and what changed by class are those of Chrome DevTools, for snapshots of every Node.

const { execFile, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { after, before, describe, test } = require('node:test');
const assert = require('node:assert');
const { VERSIONS, ensure } = require('../tools/nodes');

const ROOT = path.join(__dirname, '..', '..');
/** DevTools' code uses what came with Node 22. */
const NODE_FOR_DEVTOOLS = '24.21.0';

const run = promisify(execFile);
let folder;
let engine;

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-devtools-'));
  const built = spawnSync('cargo', ['build', '--locked', '--example', 'engine', '--message-format=json'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.strictEqual(built.status, 0, built.stderr);
  const messages = built.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  engine = messages.find((message) => message.executable && message.target.name === 'engine').executable;
});

after(() => fs.rmSync(folder, { recursive: true }));

const environment = { ...process.env };
delete environment.NODE_OPTIONS;

describe('each node, each class and each change of two snapshots', { concurrency: 2 }, () => {
  for (const version of VERSIONS) {
    test(`Node ${version}`, async () => {
      const [writer, reader] = [await ensure(version), await ensure(NODE_FOR_DEVTOOLS)];
      const files = [1, 2].map((at) => path.join(folder, `${version}-${at}.heapsnapshot`));
      const options = { cwd: __dirname, env: environment };
      await run(writer, ['heap.js', ...files], options);
      const { stdout } = await run(reader, ['compare.mjs', engine, ...files], options).catch((error) => {
        throw new Error(`${error.message}\n${error.stdout}`);
      });
      const told = stdout.trim().split('\n').map((line) => /: (\d+) (?:nodes, (\d+) classes|classes that changed), 0 differences$/.exec(line));
      assert.strictEqual(told.length, 3, stdout);
      assert.ok(told.every(Boolean), stdout);
      // Of as much as there must be: an empty comparison has no differences either.
      const [[, first, classes], [, second], [, changed]] = told.map((match) => match.map(Number));
      assert.ok(first > 20000 && second > 20000 && classes > 50 && changed > 30, stdout);
    });
  }
});
