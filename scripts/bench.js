'use strict';
// Runs the benchmarks and compares them with what leakwatch promises.
//
//   npm run bench                      all of them
//   npm run bench -- load gc-event     some
//   npm run bench -- --json            figures for a program
//
// A figure that is not met is no failure of this command: machines differ, and
// what must hold everywhere is in the tests.

const { spawnSync } = require('child_process');
const os = require('os');
const path = require('path');
const { ROOT } = require('./setup');
const peers = require('../__test__/bench/support/peers');
const { met, render } = require('../__test__/bench/support/table');

const NAMES = ['gc-event', 'throughput', 'load', 'snapshot', 'class-heap', 'tax', 'soak', 'signal', 'service', 'own-state', 'scrape', 'history'];
/** Take many minutes, and so run only if they are named. */
const LONG = ['limit', 'hour', 'fleet', 'load-clean', 'analysis', 'capture', 'fork', 'soak-fork'];

function fail(text) {
  process.stderr.write(`bench: ${text}\n`);
  process.exit(2);
}

function parse(argv) {
  const json = argv.includes('--json');
  const names = argv.filter((arg) => arg !== '--json');
  for (const name of names) {
    if (![...NAMES, ...LONG].includes(name)) fail(`no benchmark "${name}"; there are ${[...NAMES, ...LONG].join(', ')}`);
  }
  return { json, names: names.length > 0 ? names : NAMES };
}

/** What it prints goes to stderr: stdout is for the figures. */
function setUp() {
  const setup = spawnSync(process.execPath, [path.join(__dirname, 'setup.js')], { stdio: ['ignore', 2, 2] });
  if (setup.status !== 0) fail('setting up failed; the messages are above');
}

/** Where it stands, on a terminal only, in one line that is taken back. */
function progress(name) {
  if (!process.stderr.isTTY) return () => {};
  return (text) => process.stderr.write(text === null ? '\r\x1b[K' : `\r\x1b[K${name}: ${text}`.slice(0, 90));
}

async function runOne(name, context) {
  const log = progress(name);
  const start = Date.now();
  const benchmark = require(path.join(ROOT, '__test__', 'bench', `${name}.js`));
  let result;
  try {
    result = await benchmark.bench(Object.assign({ log }, context));
  } catch (error) {
    result = { failed: error.message };
  }
  log(null);
  return Object.assign({ name, title: benchmark.title, seconds: (Date.now() - start) / 1000 }, result);
}

function print(lines) {
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

function printResult(result) {
  const lines = [`${result.name}: ${result.title} (${result.seconds.toFixed(0)} s)`];
  if (result.failed) lines.push(`  could not be measured: ${result.failed}`);
  else lines.push(...render(result));
  print(lines);
}

async function main() {
  const { json, names } = parse(process.argv.slice(2));
  setUp();
  const context = { peers: peers.available() };
  const results = [];
  if (!json) print([`Node ${process.version}, ${os.cpus().length} CPUs, load ${os.loadavg()[0].toFixed(1)}`]);
  for (const name of names) {
    const result = await runOne(name, context);
    for (const target of result.targets || []) target.met = met(target);
    results.push(result);
    if (!json) printResult(result);
  }
  if (json) process.stdout.write(`${JSON.stringify({ schema: 1, node: process.version, results }, null, 2)}\n`);
}

main().catch((error) => fail(error.stack));
