'use strict';
// `leakwatch load` as a person calls it: exit codes, reports, and nothing left behind.

const assert = require('assert');
const fs = require('fs');
const http = require('http');
const net = require('net');
const path = require('path');
const { test } = require('node:test');
const { command, folder, until } = require('../control/helper');
const { Load } = require('../../lib/load/run');
const { text } = require('../../lib/load/text');
const findings = require('../../lib/load/findings');

const SERVERS = path.join(__dirname, 'servers.js');

/** A port that was free a moment ago. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function load(t, kind, options, { server, env = {}, onSpawn, cwd } = {}) {
  const port = await freePort();
  const temporary = folder(t);
  const args = ['load', '--url', `http://127.0.0.1:${port}/`, '--rounds', '8', '--requests', '300', ...options];
  const result = await command([...args, '--', ...(server ? server(port) : [process.execPath, SERVERS, kind, String(port)])], {
    env: { TMPDIR: temporary, ...env }, onSpawn: onSpawn && ((child) => onSpawn(child, port)), cwd,
  });
  // Whatever way it ended: nobody listens any more, and nothing lies about.
  assert.strictEqual(await listens(port), false, `the server is still there\n${result.stderr}`);
  if (result.signal === null) assert.deepStrictEqual(fs.readdirSync(temporary), [], result.stderr);
  return { ...result, port };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true) || socket.destroy());
    socket.on('error', () => resolve(false));
  });
}

function assertFails({ code, stdout, stderr }, pattern) {
  assert.strictEqual(code, 2, `${stderr}${stdout}`);
  assert.match(stderr, pattern);
  assert.strictEqual(stdout, '');
}

test('a server that leaks: exit code 1, the suspect, JSON, JUnit and SARIF', async (t) => {
  const out = folder(t);
  const [json, junit, sarif] = ['out.json', 'junit.xml', 'out.sarif'].map((name) => path.join(out, name));
  const { code, stdout, stderr, port } = await load(t, 'leaky', ['--json', '-o', json, '--junit', junit, '--sarif', sarif]);
  assert.strictEqual(code, 1, stderr + stdout);
  assert.strictEqual(stdout + stderr, '', 'progress is for terminals');
  const result = JSON.parse(fs.readFileSync(json, 'utf8'));
  const { schema, verdict, leaking, url, requestsPerRound, rounds, processes } = result;
  assert.deepStrictEqual({ schema, verdict, leaking, requestsPerRound }, { schema: 1, verdict: 'leaking', leaking: true, requestsPerRound: 300 });
  assert.strictEqual(url, `http://127.0.0.1:${port}/`);
  assert.ok(rounds.length >= 8 && rounds.every((round) => round.requests === 300 && round.errors === 0));
  assert.strictEqual(processes.length, 1);
  const [{ baselines, bytesPerRequest, script, suspects }] = processes;
  assert.strictEqual(baselines.length, rounds.length + 1);
  assert.strictEqual(script, SERVERS);
  assert.ok(bytesPerRequest > 100, `${bytesPerRequest} bytes a request`);
  assert.ok(suspects.length >= 1);
  assert.ok(suspects[0].path.some(({ edge }) => /seen/.test(String(edge))), JSON.stringify(suspects[0].path));

  const xml = fs.readFileSync(junit, 'utf8');
  assert.match(xml, /<testsuites [^>]*tests="1" failures="1"/);
  assert.ok(xml.includes(suspects[0].fingerprint));
  const { runs: [run] } = JSON.parse(fs.readFileSync(sarif, 'utf8'));
  assert.strictEqual(run.results[0].level, 'error');
  assert.strictEqual(run.results[0].ruleId, 'leak');
  assert.ok(run.tool.driver.rules.some(({ id }) => id === 'leak'));
});

test('a leak that the suppress file names: said, exit code 0, skipped in JUnit, not in SARIF', () => {
  const [suspect] = [{ sentence: 'more objects are kept by the Array in the variable seen.', fingerprint: '0123456789abcdef' }];
  const suppression = { fingerprint: suspect.fingerprint, reason: 'bounded by the number of tenants', expires: '2999-01-31' };
  const plan = { url: new URL('http://127.0.0.1:1/'), command: ['node', 'x.js'], perRound: 300, connections: 10, requests: [], rounds: 8 };
  const trend = { verdict: 'leaking', channel: 'heap', bytesPerTick: 3e5, reason: 'heap after full GC grew', channels: { heap: {} } };
  const target = (suspects, suppressed) => ({ pid: 1, thread: 0, name: 'process 1', trend, baselines: [], diff: { suspects, suppressed, classes: [] } });
  const judge = (...targets) => new Load(plan, () => {})._result(targets);
  const accepted = target([], [{ suspect, suppression }]);

  const result = judge(accepted);
  assert.deepStrictEqual([result.verdict, result.leaking], ['leaking', false]);
  assert.match(text(result), /suppressed until 2999-01-31: more objects are kept by the Array in the\s+variable\s+seen\. \(bounded by the\s+number of tenants\)/);
  assert.doesNotMatch(text(result), /No suspect/);
  assert.match(findings.junit(result), /failures="0"[^]*<skipped message="suppressed: bounded by the number of tenants"/);
  assert.deepStrictEqual(JSON.parse(findings.sarif(result)).runs[0].results, []);

  assert.strictEqual(judge(accepted, target([], undefined)).leaking, true, 'a leak that nothing was found for is not accepted');
  assert.match(text(judge(target([], undefined))), /No suspect was found/);
});

test('a server that does not: exit code 0, and the text says so', async (t) => {
  const { code, stdout, stderr } = await load(t, 'clean', []);
  assert.strictEqual(code, 0, stderr + stdout);
  assert.match(stdout, /^round +requests\/s/m);
  assert.match(stdout, /^(steady|growing): /m);
  assert.strictEqual(stderr, '');
});

test('a scenario: paths, methods, bodies and headers arrive as written', async (t) => {
  const file = path.join(folder(t), 'scenario.json');
  fs.writeFileSync(file, JSON.stringify({
    headers: { 'x-who': 'me' },
    requests: [{ path: '/items/{n}', weight: 3 }, { path: '/orders', method: 'POST', body: { number: 5 } }],
  }));
  const { code, stdout, stderr } = await load(t, 'picky', ['--scenario', file]);
  assert.strictEqual(code, 0, stderr + stdout);
});

test('a server that refuses is not tested', async (t) => {
  assertFails(await load(t, 'refusing', []), /300 of 300 answers in the warm-up were errors \(300 × 503\).*--allow-errors/);
});

test('a server that dies: its code, when, and the last it said', async (t) => {
  assertFails(await load(t, 'dying', []), /the server ended with code 7 in the warm-up; the last it wrote:\n {4}the database went away/);
});

test('a server that does not start, or cannot be', async (t) => {
  assertFails(await load(t, '', [], { server: () => [process.execPath, '-e', 'throw new Error("no config")'] }), /ended with code 1 before .* answered[^]*no config/);
  assertFails(await load(t, '', [], { server: () => ['/no/such/program'] }), /could not be started: .*ENOENT\n$/);
});

test('a port that never opens', async (t) => {
  const server = () => [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
  assertFails(await load(t, '', ['--start-timeout', '1500ms'], { server }), /did not answer within 1.5 s.*--start-timeout/);
});

test('something that answers there already is not taken for the server', async () => {
  const other = http.createServer((request, response) => response.end());
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address();
  const result = await command(['load', '--url', `http://127.0.0.1:${port}/`, '--', process.execPath, SERVERS, 'clean', String(port)]);
  other.close();
  assertFails(result, /answers at .* already/);
});

test('a server without leakwatch in it: said', { skip: process.platform === 'win32' }, async (t) => {
  const server = (port) => ['env', '-u', 'NODE_OPTIONS', process.execPath, SERVERS, 'clean', String(port)];
  assertFails(await load(t, '', ['--requests', '50'], { server }), /no process of it has leakwatch loaded/);
});

test('autocannon missing: said, with the command that installs it', async (t) => {
  const hook = path.join(folder(t), 'hook.js');
  fs.writeFileSync(hook, `const Module = require('module'); const before = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name === 'autocannon') throw Object.assign(new Error("Cannot find module 'autocannon'"), { code: 'MODULE_NOT_FOUND' });
  return before.call(this, name, ...rest);
};`);
  assertFails(await load(t, 'clean', [], { env: { NODE_OPTIONS: `--require ${hook}` } }), /npm install --save-dev autocannon/);
});

test('usage: what is wrong, and no server started', async () => {
  const cases = {
    'needs --url': ['load', '--', 'node', 'x.js'],
    'command of the server after --': ['load', '--url', 'http://127.0.0.1:1/'],
    'after --, as in': ['load', '--url', 'http://127.0.0.1:1/', 'node', 'x.js'],
    '--rounds needs a whole number from 8': ['load', '--url', 'http://127.0.0.1:1/', '--rounds', '3', '--', 'node'],
    'unknown option --request': ['load', '--request', '3', '--', 'node'],
    '--url needs a value': ['load', '--url'],
    '--url URL -- npm start': ['load', '--url', 'http://127.0.0.1:1/', 'npm', 'start'],
    '-o needs a file to write': ['load', '--url', 'http://127.0.0.1:1/', '-o', __dirname, '--', 'node'],
    'there is no directory': ['load', '--url', 'http://127.0.0.1:1/', '--junit', path.join(__dirname, 'nowhere', 'x'), '--', 'node'],
    'suppress: cannot be read': ['load', '--url', 'http://127.0.0.1:1/', '--suppress', path.join(__dirname, 'nowhere'), '--', 'node'],
  };
  for (const [why, args] of Object.entries(cases)) {
    const { code, stderr } = await command(args);
    assert.strictEqual(code, 2);
    assert.ok(stderr.includes(why), `${args.join(' ')}: ${stderr}`);
  }
});

/** Whether the server listens that the command has started. */
const started = (port) => until(() => listens(port));

for (const [signal, expected] of [['SIGINT', 130], ['SIGTERM', 143]]) {
  test(`${signal} early: the server is ended, nothing is left`, { skip: process.platform === 'win32' }, async (t) => {
    const result = await load(t, 'clean', [], { onSpawn: (child, port) => started(port).then(() => child.kill(signal)) });
    assert.strictEqual(result.code, expected, result.stderr);
  });
}

test('killed outright, the command still leaves no server behind', { skip: process.platform === 'win32' }, async (t) => {
  const port = await freePort();
  const temporary = folder(t);
  const url = `http://127.0.0.1:${port}/`;
  const result = await command(['load', '--url', url, '--requests', '100000', '--', process.execPath, SERVERS, 'clean', String(port)], {
    env: { TMPDIR: temporary },
    onSpawn: (child) => started(port).then(() => child.kill('SIGKILL')),
  });
  assert.strictEqual(result.signal, 'SIGKILL');
  await until(async () => !(await listens(port)));
});
