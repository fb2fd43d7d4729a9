'use strict';
// The rules as they ship, by promtool's own tests; and that those can fail.

const assert = require('assert');
const { spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { test } = require('node:test');
const { binaries } = require('./support/binaries');

const FOLDER = path.join(__dirname, '..', '..', 'ops', 'prometheus');
const RULES = 'leakwatch.rules.yml';
const TESTS = 'leakwatch.rules.test.yml';

function promtool(cwd, ...args) {
  const { status, stdout, stderr } = spawnSync(binaries().promtool, args, { cwd, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

test('the rules are well-formed', () => {
  const { status, output } = promtool(FOLDER, 'check', 'rules', RULES);
  assert.strictEqual(status, 0, output);
});

test('the rules do what their tests say', () => {
  const { status, output } = promtool(FOLDER, 'test', 'rules', TESTS);
  assert.strictEqual(status, 0, output);
});

/** Each breaks one thing that a user relies on. */
const MUTATIONS = {
  'a leak is told at once': [/for: 5m\n(\s+labels:\n\s+severity: warning)/, 'for: 0s\n$1'],
  'a growing channel counts as leaking': [/and on \(job, instance, channel\) leakwatch_verdict\{verdict="leaking"\} > 0/, ''],
  'six days instead of six hours': [/6 \* 3600/, '144 * 3600'],
  'a version is blamed for what others have too': [/and on \(job\) \(\n.*== 0\n\s*\)/, ''],
  'GC thrash begins at a hundredth': [/ratio_rate5m > 0\.25/, 'ratio_rate5m > 0.01'],
  'workers are counted twice': [/clamp_max\((.*), 1\)/, '$1'],
};

for (const [what, [pattern, replacement]] of Object.entries(MUTATIONS)) {
  test(`promtool's tests notice if ${what}`, (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-rules-'));
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    const rules = fs.readFileSync(path.join(FOLDER, RULES), 'utf8');
    const broken = rules.replace(pattern, replacement);
    assert.notStrictEqual(broken, rules, 'the rules have changed; so must this test');
    fs.writeFileSync(path.join(folder, RULES), broken);
    fs.copyFileSync(path.join(FOLDER, TESTS), path.join(folder, TESTS));
    assert.strictEqual(promtool(folder, 'check', 'rules', RULES).status, 0, 'still well-formed');
    assert.notStrictEqual(promtool(folder, 'test', 'rules', TESTS).status, 0, 'nobody noticed');
  });
}
