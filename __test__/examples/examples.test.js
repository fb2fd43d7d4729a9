'use strict';
// Each example runs, answers, and tells its verdict where health is asked for.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { spawn } = require('child_process');
const { test } = require('node:test');
const { ROOT, client, directory, until } = require('../control/helper');
const { answer } = require('../../examples/health');

const EXAMPLES = path.join(ROOT, 'examples');
const VERDICTS = ['insufficient', 'steady', 'growing', 'leaking'];
const ENOUGH = 8;

/** The example on a free port; resolves with its address once it listens. */
async function started(t, name, env) {
  const child = spawn(process.execPath, ['server.js'], {
    cwd: path.join(EXAMPLES, name),
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = new Promise((resolve) => child.on('exit', resolve));
  t.after(() => child.kill() && gone);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const url = await until(() => {
    assert.strictEqual(child.exitCode, null, output);
    const found = /listening on (http:\S+)/.exec(output);
    return found && found[1];
  });
  return { child, url };
}

async function get(url) {
  const response = await fetch(url, { headers: { connection: 'close' } });
  assert.match(response.headers.get('content-type'), /^application\/json/);
  return { code: response.status, body: await response.json() };
}

for (const name of ['http', 'express', 'fastify', 'nest']) {
  test(`${name}: answers, and its health has the verdict`, async (t) => {
    const control = directory(t);
    const { child, url } = await started(t, name, {
      NODE_OPTIONS: `--require ${path.join(ROOT, 'register.js')}`, LEAKWATCH_CONTROL: control, LEAKWATCH_REPORT: 'off',
    });
    assert.deepStrictEqual(await get(url), { code: 200, body: { hello: 'world' } });
    const young = await get(`${url}/health`);
    assert.strictEqual(young.code, 200);
    assert.deepStrictEqual(Object.keys(young.body), ['status', 'memory']);
    assert.strictEqual(young.body.memory.verdict, 'insufficient');
    const file = client.find(child.pid, control);
    for (let n = 0; n < ENOUGH; n++) {
      await get(url);
      await client.ask(file, 'baseline');
    }
    // Baselines are handed on about once a second.
    const { memory } = await until(async () => {
      const { body } = await get(`${url}/health`);
      return body.memory.verdict !== 'insufficient' && body;
    });
    assert.ok(VERDICTS.includes(memory.verdict) && memory.reason.length > 20, JSON.stringify(memory));
  });
}

test('503 only when it leaks and the limit is near', () => {
  const of = (verdict, timeToLimitMs) => answer({ verdict, channel: 'heap', reason: 'why', timeToLimitMs });
  assert.deepStrictEqual(of('leaking', 60000).body.status, 'unhealthy');
  assert.strictEqual(of('leaking', 60000).code, 503);
  for (const [verdict, left] of [['leaking', 1e9], ['leaking', null], ['growing', 1000], ['steady', null], ['insufficient', null]]) {
    assert.strictEqual(of(verdict, left).code, 200, verdict);
  }
});

test('no lock file names where packages come from', () => {
  for (const name of fs.readdirSync(EXAMPLES)) {
    const lock = path.join(EXAMPLES, name, 'package-lock.json');
    if (!fs.existsSync(lock)) continue;
    for (const [where, { resolved }] of Object.entries(JSON.parse(fs.readFileSync(lock, 'utf8')).packages)) {
      // A link within the checkout is none.
      assert.doesNotMatch(resolved || '', /:\/\//, `${lock}: ${where}`);
    }
  }
});
