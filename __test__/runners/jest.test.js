'use strict';

// leakwatch/jest-reporter in real Jest projects: five ways to leak, each named with its reason; nothing said of files that leak nothing;
// what is suppressed no longer fails.

const fs = require('fs');
const path = require('path');
const { test, before } = require('node:test');
const assert = require('node:assert');
const { install } = require('../../scripts/setup');
const nodes = require('../tools/nodes');
const { sources } = require('./clean-sources');
const { example, run, scratch } = require('./runner');

install(__dirname);

const { XMLParser, XMLValidator } = require('fast-xml-parser');
const { sarifErrors } = require('./schema');

const REPORTER = path.join(__dirname, '..', '..', 'jest-reporter.js');

/** By test file: what is said of it, and where. */
const REASONS = {
  'cache.test.js': /the Map 'example\.sessions' on globalAgent/,
  'handle.test.js': /an open handle \((Server|TCP)\) that was never closed, src\/server\.js:6:/,
  'listener.test.js': /a listener for 'warning' on process that was never removed, leaks\/listener\.test\.js:8:/,
  'patched.test.js': /http\.request, which was replaced and never put back, leaks\/patched\.test\.js:7:/,
  'timer.test.js': /a timer that was never cleared, leaks\/timer\.test\.js:7:/,
};

let folder;
let jest;

before(() => {
  folder = example('jest');
  jest = path.join(folder, 'node_modules', 'jest', 'bin', 'jest.js');
});

/** A configuration over the example's leaking files, its reports elsewhere. */
function leaking(context, options, files = {}) {
  const out = scratch(context, files);
  const config = {
    rootDir: folder,
    roots: ['<rootDir>/leaks'],
    forceExit: true,
    reporters: ['default', [REPORTER, { failOnLeak: true, ...options(out) }]],
  };
  const file = path.join(out, 'jest.config.json');
  fs.writeFileSync(file, JSON.stringify(config));
  return { out, file };
}

function assertAllNamed(text) {
  for (const [file, reason] of Object.entries(REASONS)) {
    const line = text.split('\n').find((each) => each.includes(`leaks/${file} stays in memory`));
    assert.ok(line, `${file} is not named in\n${text}`);
    assert.match(line, reason, text);
  }
  assert.match(text, /^leaking: 5 test files/m, text);
}

for (const version of ['20.20.2', '22.23.0', '24.21.0']) {
  test(`five leaks are named with their reasons, Jest 30 on Node ${version}`, async (context) => {
    const node = await nodes.ensure(version);
    const { out, file } = leaking(context, (to) => ({ junit: path.join(to, 'junit.xml'), sarif: path.join(to, 'leaks.sarif') }));
    const { code, text } = await run(folder, [jest, '--config', file, '-w', '2'], { node });
    assert.strictEqual(code, 1, text);
    assert.match(text, /Tests: +5 passed, 5 total/);
    assertAllNamed(text);
    const junit = fs.readFileSync(path.join(out, 'junit.xml'), 'utf8');
    assert.strictEqual(XMLValidator.validate(junit), true);
    assert.strictEqual(new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(junit).testsuites.failures, '5');
    assert.deepStrictEqual(sarifErrors(fs.readFileSync(path.join(out, 'leaks.sarif'), 'utf8')), []);
  });
}

test('what is suppressed is told and fails nothing; an entry out of date does', async (context) => {
  const first = leaking(context, (to) => ({ json: path.join(to, 'leaks.json') }));
  const { text: told } = await run(folder, [jest, '--config', first.file, '-i']);
  const { findings } = JSON.parse(fs.readFileSync(path.join(first.out, 'leaks.json'), 'utf8'));
  assert.strictEqual(findings.length, 5, told);
  const entries = findings.map(({ fingerprint, file }) => ({
    fingerprint, reason: 'accepted here', expires: file.endsWith('timer.test.js') ? '2001-01-01' : '2999-12-31',
  }));
  const second = leaking(context, (to) => ({ suppress: path.join(to, 'suppress.json') }), { 'suppress.json': JSON.stringify({ suppress: entries }) });
  const { code, text } = await run(folder, [jest, '--config', second.file, '-i']);
  assert.strictEqual(code, 1, text);
  assert.match(text, /^leaking: 1 test file: leaks\/timer\.test\.js; 4 suppressed$/m, text);
  assert.match(text, /expired on 2001-01-01/, text);
});

test('lines are those of the file, not of what a transformer made of it', async (context) => {
  // babel-jest leaves out the blank lines, and has its map in the source that runs alone, past what V8 tells of a string as a rule.
  const blank = '\n'.repeat(5);
  const more = Array.from({ length: 40 }, (_, i) => `test('adds ${i}', () => { expect(${i} + 1).toBe(${i + 1}); });${blank}`).join('');
  const text = `${more}${blank}const host = require('vm').runInThisContext('process');${blank}test('listens', () => {${blank}  host.on('warning', () => host);\n});\n`;
  const reporters = ['default', [REPORTER, { failOnLeak: true, costLimit: false }]];
  const manifest = JSON.stringify({ name: 'transformed', jest: { testEnvironment: 'node', reporters } });
  const root = scratch(context, { ...sources(3), 'listens.test.js': text, 'package.json': manifest });
  const { code, text: told } = await run(root, [jest, '-i']);
  assert.strictEqual(code, 1, told);
  assert.match(told, /a listener for 'warning' on process that was never removed, listens\.test\.js:216:/, told);
});

test('a clean project has no alarm, whatever its tests leave for later, and no file is left behind', async (context) => {
  const files = {
    ...sources(30),
    'fails.test.js': "test('fails', () => { setTimeout(() => {}, 200); expect(1).toBe(2); });",
    'late.test.js': "test('answers late', () => { setTimeout(() => {}, 15000); });",
    // Jest leaves its own listener for uncaught errors behind then, and with it the file.
    'cannot-load.test.js': "require('./nowhere'); test('never gets here', () => {});",
  };
  const reporters = [['default', {}], [REPORTER, { failOnLeak: true, json: 'leaks.json' }]];
  files['package.json'] = JSON.stringify({ name: 'clean', jest: { testEnvironment: 'node', transform: {}, reporters } });
  const root = scratch(context, files);
  const temporary = scratch(context);
  const { code, text } = await run(root, [jest, '-w', '2'], { env: { TMPDIR: temporary } });
  assert.strictEqual(code, 1, text);
  assert.match(text, /Tests: +1 failed, 31 passed, 32 total/, text);
  assert.deepStrictEqual(JSON.parse(fs.readFileSync(path.join(root, 'leaks.json'), 'utf8')).findings, [], text);
  assert.deepStrictEqual(fs.readdirSync(temporary).filter((name) => name.startsWith('leakwatch')), []);
});

test('worker threads, a memory limit and ES modules change no outcome', async (context) => {
  const files = {
    'a.test.mjs': "import { test, expect } from '@jest/globals';\ntest('module', () => { expect(import.meta.url).toMatch(/a/); });",
    'b.test.js': "test('script', () => { expect(require('fs').existsSync(__filename)).toBe(true); });",
    'c.test.js': "test('throws', () => { throw new Error('meant'); });",
  };
  const jestOptions = { testEnvironment: 'node', transform: {}, testMatch: ['**/*.test.{js,mjs}'], workerThreads: true, workerIdleMemoryLimit: '1MB' };
  files['package.json'] = JSON.stringify({ name: 'modules', jest: { ...jestOptions, reporters: ['default', REPORTER] } });
  const root = scratch(context, files);
  const { code, text } = await run(root, [jest, '-w', '2'], { env: { NODE_OPTIONS: '--experimental-vm-modules --no-warnings' } });
  assert.strictEqual(code, 1, text);
  assert.match(text, /Tests: +1 failed, 2 passed, 3 total/, text);
  assert.match(text, /leakwatch: Jest, .* 3 test files/, text);
  for (const name of ['a.test.mjs', 'b.test.js', 'c.test.js']) assert.match(text, new RegExp(`^${name} `, 'm'), text);
  assert.doesNotMatch(text, /stays in memory/, text);
});
