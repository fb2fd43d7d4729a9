'use strict';
// leakage 0.5.0: iterate(fn), iterate.async(fn), MemoryLeakError.
//
// Its rule (the heap grew in most of the diffs) finds what leaks and much that
// does not, a function that only logs for one. What it finds is run again here in
// rounds of growing length, and is a leak if the growth follows the iterations.

const fs = require('fs');
const path = require('path');
const host = require('../host');
const { gc, heapStatistics } = require('../baselines');
const { check } = require('../check');
const { judgeChannel } = require('../check/statistics');
const { HeapDiff } = require('./heap-diff');

const SENSITIVITY = 1024;
const ASYNC_SENSITIVITY = 5 * 1024;
/** Rounds of the second look, and the first of them for a fast function: then small leaks stand out. */
const ROUNDS = [1, 2.5, 6.25, 15.6, 39];
const FIRST_ROUND = 1000;
/** What the rounds may take, and when it gives up. */
const PLANNED_MS = 2000;
const BUDGET_MS = 20000;
/** What may leak on our account, in bytes. */
const MAX_GROWTH = 64 << 20;
/** Per iteration half a pointer; in all what code alone does not reach. */
const LIMITS = { floor: 4, minRise: 16 << 10 };

class MemoryLeakError extends Error {
  constructor(message) {
    super(message);
    this.name = 'MemoryLeakError';
  }
}

class Result {
  constructor(heapDiffs, { iterations, gcollections }) {
    this.heapDiffs = heapDiffs;
    this.iterations = iterations;
    this.gcollections = gcollections;
  }

  printSummary(title, log = console.log) {
    const changes = this.heapDiffs.map((diff) => diff.change.size_bytes);
    const average = changes.reduce((sum, change) => sum + change, 0) / changes.length;
    log(title ? `Leak test summary - ${title}:` : 'Leak test summary:');
    log(`  Did ${this.gcollections} heap diffs, iterating ${this.iterations} times each.`);
    log(`  Heap diff summary: ${signed(average)} avg, ${signed(Math.min(...changes))} min, ${signed(Math.max(...changes))} max`);
    log(`  Heap diffs:        ${changes.map(signed)}`);
  }
}

/** As the package pretty-bytes prints: three significant digits. */
function prettyBytes(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const size = Math.abs(bytes);
  const unit = size < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3));
  return `${bytes < 0 ? '-' : ''}${Number((size / 1000 ** unit).toPrecision(3))} ${units[unit]}`;
}

function signed(bytes) {
  return bytes > 0 ? `+${prettyBytes(bytes)}` : prettyBytes(bytes);
}

/** The longest run of diffs in a row that grew. */
function growths(heapDiffs, sensitivity) {
  let longest = [];
  let run = [];
  for (const diff of heapDiffs) {
    run = diff.change.size_bytes > sensitivity ? run.concat(diff) : [];
    if (run.length > longest.length) longest = run;
  }
  return longest;
}

function contents(diff) {
  const pad = (value, width) => String(value).padStart(width);
  const line = (row) => `  [${pad(prettyBytes(row.size_bytes), 10)}] [+ ${pad(row['+'], 3)}x] [- ${pad(row['-'], 3)}x] ${row.what}`;
  const sorted = diff.change.details.slice().sort((a, b) => b.size_bytes - a.size_bytes);
  const lines = sorted.slice(0, 4).map(line);
  if (sorted.length > 4) lines.push(`  ... (${sorted.length - 4} more)`);
  return lines.join('\n');
}

/** leakage's error, if its rule says so; null otherwise. */
function leakOf(heapDiffs, { iterations, gcollections }, sensitivity) {
  const grown = growths(heapDiffs, sensitivity);
  if (grown.length <= Math.floor((heapDiffs.length * 2) / 3)) return null;
  const bytes = grown.reduce((sum, diff) => sum + diff.change.size_bytes, 0);
  return new MemoryLeakError(
    `Heap grew on ${grown.length} subsequent garbage collections ` +
      `(${grown.length * iterations} of ${iterations * gcollections} iterations) ` +
      `by ${prettyBytes(bytes)}.\n\n` +
      `  Iterations between GCs: ${iterations}\n\n` +
      `  Final GC details:\n` +
      `  ${contents(grown[grown.length - 1]).trimStart()}\n`
  );
}

/** Whether the growth follows the iterations; where there is no time to see, leakage's rule stands. */
function growsOn(fn, iterations, bytesEach) {
  const start = Date.now();
  const settled = () => {
    gc();
    gc();
    return heapStatistics().usedHeapSize;
  };
  const repeat = (count) => {
    for (let i = 0; i < count; i++) fn();
  };
  const units = ROUNDS.reduce((sum, times) => sum + times, 0);
  repeat(iterations);
  const msEach = Math.max(1e-4, (Date.now() - start) / iterations);
  const fits = Math.min(PLANNED_MS / msEach, MAX_GROWTH / bytesEach) / units;
  const first = Math.max(1, Math.min(Math.max(iterations, FIRST_ROUND), fits));
  // Once unmeasured: what is compiled, and code that is thrown away, is none of the leak's.
  settled();
  repeat(Math.round(first));
  const rounds = [];
  let before = settled();
  for (const times of ROUNDS) {
    const count = Math.round(times * first);
    repeat(count);
    const after = settled();
    rounds.push({ iterations: count, delta: after - before });
    before = after;
    if (Date.now() - start > BUDGET_MS) return true;
  }
  return judgeChannel(rounds, LIMITS).verdict === 'leaking';
}

/** leakage reads the command line of the test runner. */
function saveIfAsked(heapDiffs) {
  const at = process.argv.findIndex((arg) => arg === '--heap-file' || arg.startsWith('--heap-file='));
  if (at < 0) return;
  const file = process.argv[at].includes('=') ? process.argv[at].slice('--heap-file='.length) : process.argv[at + 1];
  if (file) fs.writeFileSync(path.resolve(file), JSON.stringify(heapDiffs, null, 2));
}

const isThenable = (value) => value !== null && typeof value === 'object' && typeof value.then === 'function';

function iterate(fn, options = {}) {
  const { iterations = 30, gcollections = 6 } = options || {};
  const once = () => {
    if (isThenable(fn())) throw new Error('Tried to use iterate() on an async function. Use iterate.async() instead.');
  };
  const heapDiffs = [];
  for (let at = 0; at < gcollections; at++) {
    gc();
    const diff = new HeapDiff();
    try {
      for (let i = 0; i < iterations; i++) once();
    } finally {
      heapDiffs.push(diff.end());
    }
  }
  saveIfAsked(heapDiffs);
  const leak = leakOf(heapDiffs, { iterations, gcollections }, SENSITIVITY);
  const grown = heapDiffs.reduce((sum, diff) => sum + diff.change.size_bytes, 0);
  if (leak && growsOn(fn, iterations, Math.max(1, grown / heapDiffs.length / iterations))) throw leak;
  return new Result(heapDiffs, { iterations, gcollections });
}

let running = false;

async function iterateAsync(fn, options = {}) {
  const { iterations = 30, gcollections = 6 } = options || {};
  if (running) {
    throw new Error(
      'Detected concurrently running tests. This will render the heap snapshots unusable. ' +
        'Make sure the tests are run strictly sequentially.'
    );
  }
  running = true;
  try {
    const first = fn();
    if (!isThenable(first)) throw new Error('Tried to use iterate.async() on a synchronous function. Use iterate() instead.');
    await first;
    const heapDiffs = [];
    for (let at = 0; at < gcollections; at++) heapDiffs.push(await diffAround(fn, iterations));
    saveIfAsked(heapDiffs);
    const leak = leakOf(heapDiffs, { iterations, gcollections }, ASYNC_SENSITIVITY);
    if (leak && (await keepsGrowing(fn))) throw leak;
    return new Result(heapDiffs, { iterations, gcollections });
  } finally {
    running = false;
  }
}

async function diffAround(fn, iterations) {
  const turn = () => new Promise((resolve) => host.timers.setImmediate(resolve));
  gc();
  await turn();
  gc();
  const diff = new HeapDiff();
  try {
    // All at once, as the original does.
    const runs = [];
    for (let i = 0; i < iterations; i++) runs.push(fn());
    const failed = (await Promise.all(runs.map((run) => run.then(() => null, (error) => ({ error }))))).filter(Boolean);
    runs.length = 0;
    if (failed.length > 0) throw failed[failed.length - 1].error;
    await turn();
    gc();
  } finally {
    diff.result = diff.end();
  }
  return diff.result;
}

async function keepsGrowing(fn) {
  const { verdict } = await check(fn, { suspects: false, timeMs: BUDGET_MS });
  return verdict === 'leaking' || verdict === 'insufficient';
}

iterate.async = iterateAsync;

module.exports = { iterate, MemoryLeakError };
