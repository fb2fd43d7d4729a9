'use strict';
// check(): does a function leak? Rounds of growing length, a verdict, and on a
// leak what holds it.

const options = require('../options');
const { LeakwatchError, aborted, invalid } = require('../error');
const { judgeChannel } = require('./statistics');
const { Evidence, confirm } = require('./confirm');
const { ENOUGH_ITERATIONS, Run } = require('./rounds');
const { amount } = require('./text');

const DEFAULT_TIME_MS = 4000;
/** Bytes per iteration: half a pointer's worth, below anything that can be pushed anywhere. */
const THRESHOLDS = {
  floorBytes: 4,
  minRise: 32 << 10,
  minRiseExternal: 64 << 10,
  floorContexts: 0.05,
  minContexts: 4,
  minIterations: 500,
};

/** Bytes per iteration that a function too slow for many iterations may hide. */
const HIDDEN = 64;

/** Verdicts, from the least to the most. */
const ORDER = ['steady', 'insufficient', 'growing', 'leaking'];

// One check at a time in this isolate, however often this file is loaded into a realm.
const KEY = Symbol.for('leakwatch.check');

function judge(rounds, thresholds) {
  const { floorBytes, minRise, minRiseExternal, floorContexts, minContexts } = thresholds;
  const external = { floor: floorBytes, minRise: minRiseExternal };
  const limits = {
    heap: { floor: floorBytes, minRise },
    external,
    arrayBuffers: external,
    contexts: { floor: floorContexts, minRise: minContexts },
  };
  const iterations = rounds.reduce((total, round) => total + round.iterations, 0);
  const channels = {};
  for (const name of Object.keys(limits)) {
    if (rounds.some((round) => round[name] === null)) continue;
    const series = rounds.map((round) => ({ iterations: round.iterations, delta: round[name] }));
    channels[name] = judgeChannel(series, limits[name]);
  }
  const channel = Object.keys(channels).reduce((worst, name) => (isWorse(channels, name, worst) ? name : worst), 'heap');
  return {
    verdict: channels[channel].verdict,
    // Where it grows in some way, or a leak could hide in the noise, another round may change the verdict.
    sure: Object.keys(channels).every((name) => {
      const { why, high } = channels[name];
      return why === 'below the floor' && (high < HIDDEN || iterations >= ENOUGH_ITERATIONS);
    }),
    channel,
    channels,
  };
}

function isWorse(channels, name, than) {
  const [one, other] = [channels[name], channels[than]];
  const difference = ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict);
  if (difference !== 0) return difference > 0;
  if (one.verdict !== 'leaking') return false;
  // A leaked context fills the heap as well, and is the reason; of bytes, the more.
  return name === 'contexts' || (than !== 'contexts' && one.rise > other.rise);
}

const WORDS = {
  'few rounds': 'too few rounds fitted into the time or the memory allowed',
  'below the floor': 'it does not grow with the iterations',
  immaterial: 'what it grew by is too little to matter',
  unsure: 'it does not grow surely with the iterations',
  'rises and falls': 'it falls as well as rises',
  'slows down': 'the growth slows down: something is filling up',
  'few iterations': 'so few do not tell a leak from a cache that is filling; give it more timeMs, or lower thresholds.minIterations',
  ends: 'but it ended, or was gone when memory was asked back: a cache, V8\'s own perhaps',
  'in steps': 'it grows in single steps, not with each iteration',
};

const MORE_MEMORY = 'give the process a larger heap (--max-old-space-size), or check a function that keeps less';

function reasonOf({ verdict, channel, channels }, iterations, rounds, stoppedBy) {
  const { perIteration, low, high, why } = channels[channel];
  const what = { heap: 'the JS heap', external: 'external memory', arrayBuffers: 'memory of array buffers', contexts: 'the number of vm contexts' }[channel];
  const over = `over ${rounds} rounds of ${iterations} iterations in all`;
  if (verdict === 'insufficient') return `${WORDS[why]}; ${stoppedBy === 'memory' ? MORE_MEMORY : 'give it more timeMs, or a shorter function'}`;
  const figure = `${amount(channel, perIteration)} per iteration (95 % interval ${amount(channel, low)} to ${amount(channel, high)})`;
  if (verdict === 'leaking') return `${what} grows by ${figure} ${over}`;
  return `${what}: ${figure} ${over}; ${WORDS[why]}`;
}

function resultOf(run, judged, stoppedBy) {
  const { channel, channels, verdict } = judged;
  const of = channels[channel];
  const iterations = run.rounds.reduce((total, round) => total + round.iterations, 0);
  const heap = channels.heap;
  const inBytes = channel === 'contexts' ? heap : of;
  return {
    verdict,
    leaking: verdict === 'leaking',
    channel: channel === 'arrayBuffers' ? 'external' : channel,
    bytesPerIteration: inBytes.perIteration,
    low: inBytes.low,
    high: inBytes.high,
    contextsPerIteration: channels.contexts ? channels.contexts.perIteration : null,
    iterations,
    rounds: run.rounds.map(({ iterations: count, heap: heapUsed, external, arrayBuffers, contexts, runMs }) => ({
      iterations: count,
      heapUsed,
      external,
      arrayBuffers,
      nativeContexts: contexts,
      durationMs: runMs,
    })),
    stoppedBy,
    durationMs: run.elapsed(),
    reason: reasonOf(judged, iterations, run.rounds.length, stoppedBy),
    suspects: [],
    suspectsMissing: null,
  };
}

function optionsOf(given) {
  const checked = options.check(given);
  return Object.assign({ timeMs: DEFAULT_TIME_MS, suspects: true }, checked, {
    thresholds: Object.assign({}, THRESHOLDS, checked.thresholds),
  });
}

/** Rejects when the caller gives up, also while the function is waited for. */
function abortable(signal, work) {
  if (!signal || !signal.addEventListener) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(aborted());
    signal.addEventListener('abort', abort, { once: true });
    const done = (settled) => (value) => {
      signal.removeEventListener('abort', abort);
      settled(value);
    };
    work.then(done(resolve), done(reject));
  });
}

/** Too few iterations to tell a leak from a cache that is filling. Contexts are seldom cached, and much memory is a reason in itself. */
function isTooFew(run, { channel }, stoppedBy) {
  return channel !== 'contexts' && stoppedBy !== 'memory' && run.counted() < run.options.thresholds.minIterations;
}

async function checkNow(fn, checked) {
  const evidence = checked.suspects ? new Evidence(checked.signal) : null;
  try {
    return await findLeak(new Run(fn, checked, evidence), checked);
  } finally {
    if (evidence) evidence.remove();
  }
}

async function findLeak(run, checked) {
  const stoppedBy = await run.run((rounds) => judge(rounds, checked.thresholds));
  const judged = judge(run.rounds, checked.thresholds);
  let found = null;
  if (judged.verdict === 'leaking' && isTooFew(run, judged, stoppedBy)) {
    judged.verdict = 'growing';
    judged.channels[judged.channel].why = 'few iterations';
  }
  if (judged.verdict === 'leaking') {
    const { channel, channels } = judged;
    // Where a table has just doubled, the slope is steeper than the leak.
    const { perIteration, rise } = channels[channel];
    found = await confirm(run, { channel, perIteration: Math.min(perIteration, rise / run.counted()) });
    if (!found.confirmed) {
      judged.verdict = 'growing';
      channels[channel].why = 'ends';
    }
  }
  const result = resultOf(run, judged, stoppedBy);
  if (found) Object.assign(result, { suspects: found.suspects, suspectsMissing: found.suspectsMissing });
  return result;
}

/** Whether `fn` leaks, and what. */
async function check(fn, given) {
  if (typeof fn !== 'function') throw invalid('fn', `must be a function, not ${options.show(fn)}`);
  const checked = optionsOf(given);
  if (checked.signal && checked.signal.aborted) throw aborted();
  if (process[KEY]) {
    throw new LeakwatchError(
      'ERR_LEAKWATCH_BUSY',
      'another check() is running in this isolate and would count what this one allocates; await it first'
    );
  }
  Object.defineProperty(process, KEY, { value: true, configurable: true });
  try {
    return await abortable(checked.signal, checkNow(fn, checked));
  } finally {
    delete process[KEY];
  }
}

/** The error of assertNoLeak(), with everything that check() found. */
function leakError(result) {
  const { describe } = require('./text');
  return new LeakwatchError('ERR_LEAKWATCH_LEAK', describe(result), { result, suspects: result.suspects });
}

/** A test that could not tell passes, and says so. */
function warnIfUnknown({ verdict, reason }) {
  if (verdict === 'insufficient' || reason.endsWith(WORDS['few iterations'])) process.emitWarning(`no leak check: ${reason}`, 'LeakwatchWarning', 'LEAKWATCH_CHECK');
}

async function assertNoLeak(fn, given) {
  const result = await check(fn, given);
  if (result.leaking) throw leakError(result);
  warnIfUnknown(result);
  return result;
}

module.exports = { assertNoLeak, check, warnIfUnknown };
