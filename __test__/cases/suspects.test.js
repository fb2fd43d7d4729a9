'use strict';

// The stories this project began with, from end to end: the program runs, leakwatch takes three snapshots of it, the command
// compares them, and its first suspect names the leak: sentence, kind, path, file and line.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFile } = require('child_process');
const { describe, it, before } = require('node:test');
const assert = require('node:assert');

const nodes = require('../tools/nodes');
const packages = require('../tools/case-packages');

const CLI = path.join(__dirname, '..', '..', 'lib', 'cli.js');
// Only so that a program that hangs ends some day.
const HANGS_AFTER_MS = 5 * 60 * 1000;

function command(file, args, env) {
  const options = { timeout: HANGS_AFTER_MS, maxBuffer: 1 << 26, env: { ...process.env, ...env } };
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
  });
}

async function inFolder(work) {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'leakwatch-suspects-'));
  try {
    return await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The first suspect of the snapshots in `folder`, as `leakwatch diff` tells it. */
async function firstSuspect(folder) {
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.heapsnapshot')).sort();
  assert.strictEqual(files.length, 3, files.join(' '));
  const { code, stdout, stderr } = await command(process.execPath, [CLI, 'diff', '--json', ...files.map((name) => path.join(folder, name))]);
  assert.strictEqual(code, 1, stderr);
  return JSON.parse(stdout).diff.suspects[0];
}

/** Runs a case on a version of Node, `rounds` between two snapshots. */
function suspectOf(name, rounds, version) {
  return inFolder(async (folder) => {
    const node = version ? await nodes.ensure(version) : process.execPath;
    const ran = await command(node, [path.join(__dirname, 'snapshots.js'), name, folder, String(rounds)]);
    assert.strictEqual(ran.code, 0, ran.stderr);
    return firstSuspect(folder);
  });
}

const pathOf = (suspect) => suspect.path.map(({ edge, node }) => `${edge} ${node}`).join('\n');

function matches(suspect, { kind, sentence, path: way, url, line, name, known }) {
  const seen = `[${suspect.kind}] ${suspect.name}: ${suspect.sentence}\n${pathOf(suspect)}`;
  assert.strictEqual(suspect.kind, kind, seen);
  assert.match(suspect.sentence, sentence, seen);
  assert.match(pathOf(suspect), way, seen);
  if (name) assert.match(suspect.name, name, seen);
  if (url) {
    assert.match(suspect.location.url, url, seen);
    assert.ok(suspect.sentence.includes(`${suspect.location.url}:${suspect.location.line}:${suspect.location.column}`), seen);
  }
  if (line) assert.strictEqual(suspect.location.line, line, seen);
  if (known) assert.strictEqual(suspect.known && suspect.known.id, known, seen);
}

describe('the first suspect names the leak of the story', { concurrency: 2 }, () => {
  before(() => packages.ensure());

  it('vm contexts chained by console.error', async () => {
    matches(await suspectOf('vm-console', 20), {
      kind: 'vm-context',
      sentence: /^40 more vm contexts stay alive through .* \.error of console.*through the variable nativeError/,
      path: /error \(anonymous\)\(\)[^]*nativeError/,
      url: /page\.js$/,
      line: 3,
    });
  });

  it("the promise chain of co's endless loop", async () => {
    matches(await suspectOf('co-endless-loop', 2), {
      kind: 'promise-chain',
      sentence: /^A chain of promises grew by [\d,]+ links/,
      path: /PromiseReaction/,
      url: /co-endless-loop\.js$/,
    });
  });

  it("selenium-webdriver's ManagedPromise", async () => {
    const suspect = await suspectOf('selenium-control-flow', 6);
    assert.match(suspect.name, /^(ManagedPromise|Task|TaskQueue)$/, suspect.sentence);
    assert.match(pathOf(suspect), /ControlFlow[^]*ManagedPromise/);
    assert.match(suspect.location.url, /selenium-webdriver.lib.promise\.js$/);
  });

  it('the list under PrototypeInfo on Node 12.15', async () => {
    matches(await suspectOf('generators-awaiter', 12, '12.15.0'), {
      kind: 'v8-internal',
      name: /PrototypeInfo/,
      sentence: /inside V8 grew in place, under the Generator/,
      path: /initial_generator_prototype[^]*prototype_info/,
      known: 'node-generator-prototype-users',
    });
  });

  it('the closure variable, with its function', async () => {
    matches(await suspectOf('closure-variable', 20), {
      kind: 'closure-chain',
      name: /^someMethod/,
      sentence: /chain of closures grew by 320 links from .* in the variable theThing: .* the variable leak of its scope/,
      path: /theThing[^]*someMethod\(\)[^]*leak/,
      url: /closure-variable\.js$/,
      line: 14,
    });
  });

  it('connect listeners on a reused socket', async () => {
    matches(await suspectOf('socket-connect-listeners', 1), {
      kind: 'listeners',
      sentence: /^120 more listeners for 'connect' on the Socket in the variable socket/,
      path: /_events[^]*connect/,
      url: /socket-connect-listeners\.js$/,
      known: 'socket-connect-listeners',
    });
  });

  it("Jest's test environments on Node 16.17, kept by a timer of a test file", () =>
    inFolder(async (folder) => {
      const node = await nodes.ensure('16.17.0');
      const project = path.join(folder, 'project');
      fs.mkdirSync(project);
      const write = (name, text) => fs.writeFileSync(path.join(project, name), text);
      const setup = require.resolve('./jest/snapshots');
      write('package.json', '{"name":"jest-story","private":true}');
      write('jest.config.json', JSON.stringify({
        testEnvironment: 'node', transform: {}, setupFilesAfterEnv: [setup], cacheDirectory: path.join(folder, 'cache'),
      }));
      const source = "const { setInterval } = require('timers');\ntest('leaves a timer', () => {\n  setInterval(function poll() { return expect; }, 1e9).unref();\n});\n";
      for (let i = 0; i < 11; i += 1) write(`file${i}.test.js`, source);
      const jest = path.join(__dirname, 'node_modules', 'jest', 'bin', 'jest.js');
      const args = [jest, '-i', '--config', path.join(project, 'jest.config.json')];
      const ran = await command(node, args, { LEAKWATCH_CASE_RESULT: folder, LEAKWATCH_CASE_FILES: '4,7,10', NODE_TEST_CONTEXT: '' });
      assert.strictEqual(ran.code, 0, ran.stderr);
      const suspect = await firstSuspect(folder);
      matches(suspect, {
        kind: 'vm-context',
        sentence: /^6 more vm contexts stay alive through a TimersList/,
        path: /_onTimeout poll\(\)/,
        url: /file\d+\.test\.js$/,
        line: 3,
        known: 'jest-module-registry',
      });
      assert.match(suspect.known.title, /module registry/);
    }));
});
