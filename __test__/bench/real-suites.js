'use strict';

// The test suites of real packages, run by their own runner without leakwatch and with it: every test must end alike, and every
// alarm is printed, to be looked into.
//
//   node __test__/bench/real-suites.js [--pairs N] [name | name=folder …]
//
// With more pairs, each way is run so often without and with in turn, and the medians of what it costs are told. CPU time is that of
// the whole tree of processes, and is known on Linux alone.
//
// npm's packages carry no tests, so the sources come from Debian's archive through apt, which needs a `deb-src` source of the
// suite below; or from a folder, such as a clone of the package's repository.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');
const { ROOT, install } = require('../../scripts/setup');
const { sources } = require('../runners/clean-sources');

const FOLDER = path.join(__dirname, 'real-suites');
const CACHE = path.join(FOLDER, '.cache');
const ARCHIVE = { uri: 'http://deb.debian.org/debian', suite: 'bookworm' };
const MAX_OUTPUT = 1 << 28;

/** `config`: what the suite needs of Jest; `args`: what it is run with. Two ways each: in one process, and in two workers. */
const SUITES = {
  commander: { runner: 'jest', archive: 'node-commander', config: { testEnvironment: 'node', testMatch: ['**/tests/*.test.js'] } },
  // The source in place of the build that its tests are written for; without the one that runs the TypeScript compiler.
  redux: {
    runner: 'jest',
    archive: 'node-redux',
    config: { testMatch: ['**/test/**/*.spec.js'], testPathIgnorePatterns: ['typescript'], moduleNameMapper: { '^(\\.\\./)+$': '<rootDir>/src/index.js' } },
  },
  /** No package: a hundred small files of ours, as jest-clean.js has them. */
  clean: { runner: 'jest', files: sources(100), config: { testEnvironment: 'node', transform: {} } },
  express: { runner: 'mocha', archive: 'node-express', args: ['--require', 'test/support/env', '--check-leaks', 'test/', 'test/acceptance/'] },
};

function must(command, args, options) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (error) throw new Error(`${command} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stderr}`);
}

/** apt with lists of its own, so that the machine's stay as they are. */
function apt(...args) {
  const lists = path.join(CACHE, 'apt');
  const options = { 'Dir::Etc::sourcelist': '/dev/null', 'Dir::Etc::sourceparts': path.join(lists, 'parts'), 'Dir::State::lists': path.join(lists, 'lists') };
  const flags = Object.keys(options).flatMap((key) => ['-o', `${key}=${options[key]}`]);
  return spawnSync('apt-get', [...flags, '-o', 'APT::Sandbox::User=root', ...args], { cwd: CACHE, encoding: 'utf8' });
}

function fetch(name, archive) {
  const folder = path.join(CACHE, name);
  if (fs.existsSync(path.join(folder, 'package.json'))) return folder;
  const parts = path.join(CACHE, 'apt', 'parts');
  if (!fs.existsSync(parts)) {
    for (const each of [parts, path.join(CACHE, 'apt', 'lists')]) fs.mkdirSync(each, { recursive: true });
    const source = `Types: deb-src\nURIs: ${ARCHIVE.uri}\nSuites: ${ARCHIVE.suite}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`;
    fs.writeFileSync(path.join(parts, 'src.sources'), source);
    apt('update');
  }
  // What Debian adds may be gone from a mirror while the package's own source is there, which is all that is wanted.
  const { stderr } = apt('source', '--download-only', archive);
  const tar = fs.readdirSync(CACHE).find((each) => each.startsWith(`${archive}_`) && /\.orig\.tar\.\w+$/.test(each));
  if (!tar) throw new Error(`the source of ${archive} could not be fetched; give a folder: ${name}=/path/to/it\n${stderr}`);
  fs.mkdirSync(folder, { recursive: true });
  must('tar', ['-xf', path.join(CACHE, tar), '-C', folder, '--strip-components=1']);
  return folder;
}

function environment(more) {
  const env = { ...process.env, CI: 'true', NO_COLOR: '1', ...more };
  for (const name of ['NODE_TEST_CONTEXT', 'GITHUB_ACTIONS', 'LEAKWATCH_RUN_DIRECTORY', 'NODE_OPTIONS', 'NODE_ENV']) delete env[name];
  return env;
}

/** `{outcomes, text, seconds}`: each test's name with how it ended. */
function jest({ folder, config }, way, hooked) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-suite-'));
  try {
    const reporters = hooked ? [[path.join(ROOT, 'jest-reporter.js'), { json: path.join(scratch, 'leaks.json') }]] : [];
    const file = path.join(scratch, 'jest.config.json');
    fs.writeFileSync(file, JSON.stringify({ ...config, rootDir: folder, reporters: ['default', ...reporters] }));
    const results = path.join(scratch, 'results.json');
    const bin = path.join(FOLDER, 'node_modules', 'jest', 'bin', 'jest.js');
    const args = [bin, '--config', file, '--json', '--outputFile', results, ...(way === 'workers' ? ['-w', '2'] : ['-i'])];
    const { stderr, ...cost } = timed(args, folder);
    const { testResults } = JSON.parse(fs.readFileSync(results, 'utf8'));
    const outcomes = testResults.flatMap(({ name, status, assertionResults }) => [
      `${path.relative(folder, name)}: ${status}`,
      ...assertionResults.map((each) => `${path.relative(folder, name)} > ${each.fullName}: ${each.status}`),
    ]);
    const found = hooked ? JSON.parse(fs.readFileSync(path.join(scratch, 'leaks.json'), 'utf8')) : undefined;
    return { outcomes, found, text: stderr, ...cost };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function mocha({ folder, args }, way, hooked) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-suite-'));
  try {
    const results = path.join(scratch, 'results.json');
    const bin = path.join(FOLDER, 'node_modules', 'mocha', 'bin', 'mocha.js');
    const hook = hooked ? ['--require', path.join(ROOT, 'mocha.js')] : [];
    const parallel = way === 'workers' ? ['--parallel', '--jobs', '2'] : [];
    const { stderr, ...cost } = timed([bin, ...hook, ...parallel, '--reporter', 'json', '--reporter-option', `output=${results}`, ...args], folder);
    const { tests, failures, pending } = JSON.parse(fs.readFileSync(results, 'utf8'));
    const of = (list) => new Set(list.map(({ fullTitle }) => fullTitle));
    const [failed, skipped] = [of(failures), of(pending)];
    const outcomes = tests.map(({ fullTitle }) => `${fullTitle}: ${failed.has(fullTitle) ? 'failed' : skipped.has(fullTitle) ? 'pending' : 'passed'}`);
    return { outcomes, text: stderr, ...cost };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** CPU seconds of the children that have ended, and theirs: what Linux counts in hundredths. */
function childrensCpu() {
  try {
    const fields = fs.readFileSync('/proc/self/stat', 'utf8').split(') ').pop().split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch (_) {
    return NaN;
  }
}

function timed(args, cwd) {
  const cpuBefore = childrensCpu();
  const start = process.hrtime.bigint();
  const { stderr, error } = spawnSync(process.execPath, args, { cwd, env: environment(), encoding: 'utf8', maxBuffer: MAX_OUTPUT });
  if (error) throw error;
  return { stderr, seconds: Number(process.hrtime.bigint() - start) / 1e9, cpu: childrensCpu() - cpuBefore };
}

const RUNNERS = { jest, mocha };

/** Names of tests may repeat, and their order says nothing. */
function differences(one, other) {
  const count = (list) => list.reduce((all, each) => all.set(each, (all.get(each) || 0) + 1), new Map());
  const [left, right] = [count(one), count(other)];
  return [...new Set([...left.keys(), ...right.keys()])].filter((each) => left.get(each) !== right.get(each)).sort();
}

function tally(outcomes) {
  const sums = {};
  for (const outcome of outcomes) {
    const status = outcome.slice(outcome.lastIndexOf(':') + 2);
    sums[status] = (sums[status] || 0) + 1;
  }
  return Object.keys(sums).map((status) => `${sums[status]} ${status}`).join(', ');
}

/** From the table's end on, if there was something to tell. */
function told(text) {
  const at = text.search(/^leaks:$/m);
  const verdict = /^(steady|growing|insufficient|leaking|over budget): .*$/m.exec(text);
  return at >= 0 ? text.slice(at) : verdict ? verdict[0] : text.slice(-2000);
}

function median(values) {
  const sorted = values.slice().sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A suite's folder: given, fetched, or made of files of our own. */
function folderOf(name, suite, given) {
  if (given) return path.resolve(given);
  if (!suite.files) return fetch(name, suite.archive);
  const folder = path.join(CACHE, name);
  fs.mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries({ ...suite.files, 'package.json': '{ "name": "clean", "version": "1.0.0" }' })) fs.writeFileSync(path.join(folder, file), text);
  return folder;
}

/** `{pairs}` runs of one suite in one way; how many tests ended otherwise. */
function compare(title, run, pairs) {
  const ratios = { seconds: [], cpu: [] };
  let changed = 0;
  for (let pair = 0; pair < pairs; pair++) {
    // Which goes first is taken in turn: a machine warms up, and gets busier.
    const first = run(pair % 2 === 1);
    const second = run(pair % 2 === 0);
    const [without, hooked] = pair % 2 === 1 ? [second, first] : [first, second];
    const other = differences(without.outcomes, hooked.outcomes);
    changed += other.length;
    process.stdout.write(`== ${title}: ${tally(without.outcomes)}; with leakwatch ${tally(hooked.outcomes)}; ${other.length} differences\n`);
    for (const each of other) process.stdout.write(`   differs: ${each}\n`);
    process.stdout.write(`   without ${figures(without)}, with ${figures(hooked)}${shares(hooked)}\n${told(hooked.text).trimEnd()}\n`);
    for (const unit of Object.keys(ratios)) ratios[unit].push(hooked[unit] / without[unit]);
  }
  if (pairs > 1) {
    const spread = (values) => `${median(values).toFixed(3)} (${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)})`;
    process.stdout.write(`== ${title}: with to without, median of ${pairs} pairs: time ${spread(ratios.seconds)}, CPU ${spread(ratios.cpu)}\n`);
  }
  return changed;
}

const figures = ({ seconds, cpu }) => `${seconds.toFixed(1)} s (CPU ${cpu.toFixed(1)} s)`;

/** What each worker says it spent. */
function shares({ found }) {
  if (!found) return '';
  const of = ({ spentMs, elapsedMs, skipped, rows, captureMs }) =>
    `${((100 * spentMs) / elapsedMs).toFixed(1)} % for ${rows.length - skipped} of ${rows.length} baselines${captureMs ? `, snapshots ${Math.round(captureMs)} ms` : ''}`;
  return `; ${found.workers.map(of).join(' and ')}`;
}

function main(given) {
  install(FOLDER);
  let pairs = 1;
  if (given[0] === '--pairs') [pairs, given] = [Number(given[1]), given.slice(2)];
  const wanted = given.length > 0 ? given.map((each) => each.split('=')) : Object.keys(SUITES).filter((name) => SUITES[name].archive).map((name) => [name]);
  let changed = 0;
  for (const [name, own] of wanted) {
    const suite = SUITES[name];
    if (!suite) throw new Error(`no suite "${name}"; there are ${Object.keys(SUITES).join(', ')}`);
    const folder = folderOf(name, suite, own);
    const { version } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    for (const way of ['one process', 'workers']) {
      const run = (hooked) => RUNNERS[suite.runner]({ ...suite, folder }, way, hooked);
      changed += compare(`${name} ${version}, ${suite.runner}, ${way}`, run, pairs);
    }
  }
  process.exitCode = changed === 0 ? 0 : 1;
}

main(process.argv.slice(2));
