'use strict';

// leakwatch/jest-reporter in the other ways that Jest is run: watching, over several projects, with mocks and modules put back.

const fs = require('fs');
const path = require('path');
const { spawn } = require('child_process');
const { once } = require('events');
const { test } = require('node:test');
const assert = require('node:assert');
const { example, run, scratch } = require('./runner');
const { sources } = require('./clean-sources');

const REPORTER = path.join(__dirname, '..', '..', 'jest-reporter.js');
const HANGS_AFTER_MS = 8 * 60 * 1000;
/** How often a change is made anew: file systems tell of a change once, and a busy watcher may have missed it. */
const CHANGE_EVERY_MS = 5000;

const KEEPS = `
  const real = require('timers');
  const payload = Array.from({ length: 20000 }, (_, i) => ({ i }));
  test('leaves a timer behind', () => { real.setInterval(() => payload.length, 1e9).unref(); });
`;
const CLEAN = "test('adds', () => { expect(1 + 1).toBe(2); });";

const jest = () => path.join(example('jest'), 'node_modules', 'jest', 'bin', 'jest.js');
const config = (more) => JSON.stringify({ name: 'modes', jest: { testEnvironment: 'node', transform: {}, ...more } });

test('each run of a watching Jest has a table and a verdict of its own', { timeout: HANGS_AFTER_MS }, async (context) => {
  const files = { 'clean.test.js': CLEAN, 'keeps.test.js': KEEPS, 'package.json': config({ reporters: ['default', REPORTER] }) };
  const folder = scratch(context, files);
  const temporary = scratch(context);
  const env = { ...process.env, NODE_OPTIONS: '', CI: '', NO_COLOR: '1', TMPDIR: temporary };
  for (const name of ['NODE_TEST_CONTEXT', 'GITHUB_ACTIONS', 'FORCE_COLOR', 'LEAKWATCH_RUN_DIRECTORY']) delete env[name];
  const child = spawn(process.execPath, [jest(), '--watchAll'], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
  context.after(() => child.kill('SIGKILL'));
  let text = '';
  let seen = () => {};
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => { text += part; seen(); });
  // Jest's own last line comes after its reporters'.
  const runs = (count) => new Promise((resolve, reject) => {
    seen = () => { if (text.split('Ran all test suites').length > count) resolve(); };
    child.once('exit', () => reject(new Error(`Jest ended:\n${text}`)));
    seen();
  });
  await runs(1);
  const change = () => fs.appendFileSync(path.join(folder, 'clean.test.js'), '\n// changed\n');
  const changing = setInterval(change, CHANGE_EVERY_MS);
  change();
  await runs(2).finally(() => clearInterval(changing));
  assert.match(text, /(leakwatch: Jest, 1 process, 2 test files[^]*?keeps\.test\.js stays in memory after its end: kept by a timer that was never cleared, keeps\.test\.js:4[^]*?){2}/, text);
  child.removeAllListeners('exit');
  child.kill();
  await once(child, 'exit');
});

test('of several projects the one that leaks is named, and the others are not', async (context) => {
  const folder = scratch(context);
  const make = (name, files, more) => {
    fs.mkdirSync(path.join(folder, name));
    for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name, file), text);
    return { rootDir: path.join(folder, name), displayName: name, testEnvironment: 'node', transform: {}, ...more };
  };
  const projects = [
    make('tidy', { 'a.test.js': CLEAN, 'b.test.js': CLEAN }, { resetModules: true, restoreMocks: true, fakeTimers: { enableGlobally: true } }),
    make('leaky', { 'c.test.js': CLEAN, 'd.test.js': KEEPS }, { setupFiles: [path.join(__dirname, '..', '..', 'jest.js')] }),
  ];
  const reporters = ['default', [REPORTER, { failOnLeak: true, json: path.join(folder, 'leaks.json') }]];
  fs.writeFileSync(path.join(folder, 'jest.config.json'), JSON.stringify({ rootDir: folder, projects, reporters }));
  const { code, text } = await run(folder, [jest(), '--config', path.join(folder, 'jest.config.json'), '-i']);
  assert.strictEqual(code, 1, text);
  assert.match(text, /Tests: +4 passed, 4 total/, text);
  const { findings, workers } = JSON.parse(fs.readFileSync(path.join(folder, 'leaks.json'), 'utf8'));
  assert.deepStrictEqual(findings.map(({ file }) => file), ['leaky/d.test.js'], text);
  assert.deepStrictEqual(workers.flatMap(({ rows }) => rows.map(({ name }) => name)).sort(), ['leaky/c.test.js', 'leaky/d.test.js', 'tidy/a.test.js', 'tidy/b.test.js']);
});

test('fake timers for all, reset modules and restored mocks change no outcome and raise no alarm', async (context) => {
  const more = { resetModules: true, restoreMocks: true, resetMocks: true, fakeTimers: { enableGlobally: true, doNotFake: ['performance'] } };
  const files = {
    'package.json': config({ ...more, reporters: ['default', [REPORTER, { failOnLeak: true }]] }),
    'spies.test.js': "test('spies', () => { jest.spyOn(console, 'log').mockImplementation(() => {}); console.log('x'); expect(console.log).toHaveBeenCalled(); });",
    'later.test.js': "test('later', () => { const seen = jest.fn(); setTimeout(seen, 1000); jest.advanceTimersByTime(1000); expect(seen).toHaveBeenCalledTimes(1); });",
    ...sources(2),
  };
  const folder = scratch(context, files);
  const { code, text } = await run(folder, [jest(), '-w', '2']);
  assert.strictEqual(code, 0, text);
  assert.match(text, /leakwatch: Jest, .*4 test files/, text);
  assert.match(text, /^(steady|insufficient): none of 4 test files leaks$/m, text);
});

test('ES modules that Node keeps in its caches are no leak, and one that a timer holds is; a reporter named twice tells it once', async (context) => {
  const clean = (i) => `import { test, expect } from '@jest/globals';\ntest('adds', async () => { const { one } = await import('./one.mjs'); expect(one + ${i}).toBe(${i + 1}); });`;
  const keeps = "import { test } from '@jest/globals';\nimport timers from 'timers';\nconst kept = {};\ntest('leaves a timer behind', () => { timers.setInterval(() => kept, 1e9).unref(); });";
  const files = { 'one.mjs': 'export const one = 1;', 'keeps.test.mjs': keeps };
  for (let i = 0; i < 6; i++) files[`clean${i}.test.mjs`] = clean(i);
  const reporters = ['default', REPORTER, [REPORTER, { failOnLeak: true, json: 'leaks.json' }]];
  files['package.json'] = config({ testMatch: ['**/*.test.mjs'], reporters });
  const folder = scratch(context, files);
  const { code, text } = await run(folder, [jest(), '-i'], { env: { NODE_OPTIONS: '--experimental-vm-modules --no-warnings' } });
  assert.strictEqual(code, 1, text);
  assert.match(text, /Tests: +7 passed, 7 total/, text);
  const { findings } = JSON.parse(fs.readFileSync(path.join(folder, 'leaks.json'), 'utf8'));
  assert.deepStrictEqual(findings.map(({ file, rule }) => [file, rule]), [['keeps.test.mjs', 'timer']], text);
  assert.match(text, /the reporter is named twice/, text);
  assert.strictEqual(text.split('leakwatch: Jest, ').length, 2, text);
});

test('by default leaks are told; once recorded, only others fail the run', async (context) => {
  const files = { 'clean.test.js': CLEAN, 'keeps.test.js': KEEPS, 'package.json': config({ reporters: ['default', REPORTER] }) };
  const folder = scratch(context, files);
  const told = await run(folder, [jest(), '-i']);
  assert.strictEqual(told.code, 0, told.text);
  assert.match(told.text, /^leaking: 1 test file: keeps\.test\.js$/m, told.text);
  assert.match(told.text, /LEAKWATCH_RECORD=true/, told.text);
  const recorded = await run(folder, [jest(), '-i'], { env: { LEAKWATCH_RECORD: 'true' } });
  assert.strictEqual(recorded.code, 0, recorded.text);
  const { suppress } = JSON.parse(fs.readFileSync(path.join(folder, 'leakwatch.suppress.json'), 'utf8'));
  assert.strictEqual(suppress.length, 1);
  assert.match(suppress[0].reason, /^recorded on .*keeps\.test\.js stays in memory/);
  fs.writeFileSync(path.join(folder, 'new.test.js'), "const real = require('timers'); const kept = {}; test('new', () => { real.setInterval(() => kept, 1e9).unref(); });");
  const { code, text } = await run(folder, [jest(), '-i']);
  assert.strictEqual(code, 1, text);
  assert.match(text, /^leaking: 1 test file: new\.test\.js; 1 suppressed$/m, text);
});
