'use strict';
// All tests, from a fresh clone on: `npm test`, or `npm test -- rust lint` for some.

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { ROOT, install, setup } = require('./setup');

const TESTS = path.join(ROOT, '__test__');

/** Every `*.test.js` below these folders. */
function testFiles(...folders) {
  const found = [];
  const walk = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== 'node_modules') walk(full);
      else if (entry.name.endsWith('.test.js')) found.push(full);
    }
  };
  for (const folder of folders) walk(path.join(TESTS, folder));
  return found.sort();
}

const run = (command, args, env) => ({ command, args, env });
const cargo = (...args) => run('cargo', args);
const node = (...args) => run(process.execPath, args);
const bin = (name, ...args) => node(path.join(ROOT, 'node_modules', name), ...args);
const nodeTest = (files, env) =>
  run(process.execPath, ['--test', '--test-concurrency=2', ...files], env);

const STAGES = {
  rust: () => [
    cargo('fmt', '--check'),
    cargo('clippy', '--locked', '--all-targets', '--', '-D', 'warnings'),
    cargo('test', '--locked'),
  ],
  lint: () => [
    bin('eslint/bin/eslint.js', '.'),
    bin('typescript/bin/tsc', '-p', '__test__/types'),
    node(path.join(__dirname, 'docs.js'), '--check'),
    node(path.join(__dirname, 'links.js')),
  ],
  contract: () => [nodeTest(testFiles('contract'))],
  fallback: () => [nodeTest(testFiles('contract'), { LEAKWATCH_NATIVE_V8: 'off' })],
  process: () => [nodeTest(testFiles('process'))],
  control: () => [nodeTest(testFiles('control', 'load'))],
  examples: () => {
    for (const name of ['express', 'fastify', 'nest']) install(path.join(ROOT, 'examples', name));
    return [nodeTest(testFiles('examples'))];
  },
  cases: () => {
    install(path.join(TESTS, 'cases'));
    return [nodeTest([path.join(TESTS, 'cases.test.js'), path.join(TESTS, 'cases', 'suspects.test.js')])];
  },
  leaks: () => {
    install(path.join(TESTS, 'leaks', 'field'));
    return [nodeTest(testFiles('leaks'))];
  },
  devtools: () => {
    install(path.join(TESTS, 'devtools'));
    return [nodeTest(testFiles('devtools'))];
  },
  jest: () => [nodeTest(testFiles('jest'))],
  browser: () => {
    require(path.join(TESTS, 'tools', 'chromium')).ensure();
    return [nodeTest(testFiles('browser'))];
  },
  fleet: () => {
    install(path.join(TESTS, 'fleet'));
    return [nodeTest(testFiles('fleet'))];
  },
  runners: () => {
    // Before the tests, which run side by side: two would install one folder at once.
    install(path.join(TESTS, 'runners'));
    for (const name of ['jest', 'vitest', 'mocha', 'node-test']) install(path.join(ROOT, 'examples', name));
    return [nodeTest(testFiles('runners'))];
  },
  matrix: () => [node(path.join(TESTS, 'matrix', 'run.js'))],
};

function main(names) {
  const unknown = names.find((name) => !STAGES[name]);
  if (unknown) {
    process.stderr.write(`no tests named '${unknown}'; there are ${Object.keys(STAGES).join(', ')}\n`);
    process.exit(2);
  }
  setup();
  const failed = [];
  let passed = 0;
  for (const name of names) {
    for (const { command, args, env } of STAGES[name]()) {
      const shown = args.map((arg) => path.relative(ROOT, path.resolve(arg)) && arg).join(' ');
      process.stdout.write(`\n== ${name}: ${path.basename(command)} ${shown.slice(0, 100)}\n`);
      const start = Date.now();
      const { status } = spawnSync(command, args, {
        cwd: ROOT,
        stdio: 'inherit',
        env: { ...process.env, ...env },
      });
      process.stdout.write(`== ${name}: ${((Date.now() - start) / 1000).toFixed(1)} s\n`);
      if (status === 0) passed += 1;
      else failed.push(`${name}: ${path.basename(command)} ${args[0]}`);
    }
  }
  for (const what of failed) process.stdout.write(`FAILED ${what}\n`);
  process.stdout.write(`\n${passed} passed, ${failed.length} failed\n`);
  process.exit(failed.length === 0 ? 0 : 1);
}

main(process.argv.length > 2 ? process.argv.slice(2) : Object.keys(STAGES));
