'use strict';
// Snapshots on call.

const host = require('./host');
const fallback = require('./fallback');
const options = require('./options');
const copies = require('./copies');
const { deliver } = require('./delivery');
const { counted } = require('./snapshot-counts');
const { aborted, busy, fromOutcome, guarded, invalid, unavailable } = require('./error');

const { native } = host;
/** For machines that are always busy, where a copy would get no turn: 0 to 19. */
const NICENESS = /^(\d|1\d)$/.test(process.env.LEAKWATCH_NICENESS) ? Number(process.env.LEAKWATCH_NICENESS) : undefined;

/** `(path?, options?, callback?)` in every combination heapdump's users know. */
function parse(path, given, callback) {
  if (typeof path === 'function') [path, given, callback] = [undefined, undefined, path];
  else if (typeof given === 'function') [given, callback] = [undefined, given];
  if (path !== null && typeof path === 'object' && given === undefined) [path, given] = [undefined, path];
  if (callback !== undefined && typeof callback !== 'function') {
    throw invalid('callback', `must be a function, not ${options.show(callback)}`);
  }
  return { path: path === null ? undefined : path, given, callback };
}

function check({ path, given }) {
  if (path !== undefined && typeof path !== 'string') {
    throw invalid('path', `must be a string, not ${options.show(path)}`);
  }
  const checked = options.snapshot(given);
  return refuse(checked);
}

/** What this host cannot do is said before anything is begun. */
function refuse(checked) {
  if (checked.mode !== 'fork') return checked;
  if (!host.isNative('fork')) throw unavailable('fork', host.capabilities.get('fork').why);
  if (checked.keepIds) {
    throw invalid('keepIds', "ids that a copy of the process gives end with it; use mode: 'inline'");
  }
  return checked;
}

function nativeOptions(path, checked) {
  return {
    path,
    compress: checked.compress,
    force: checked.force,
    keepIds: checked.keepIds,
    numericValues: checked.exposeNumericValues,
    mode: checked.mode,
    niceness: checked.niceness === undefined ? NICENESS : checked.niceness,
    timeout: checked.timeout,
    memoryLimit: checked.memoryLimit,
    redact: checked.redact,
  };
}

/** Tells the caller where it stands and hears whether to go on. */
function reporter({ onProgress, signal }) {
  let thrown;
  const report = (phase, done) => {
    try {
      if (onProgress) onProgress({ phase, bytes: done });
    } catch (error) {
      // It cannot be thrown through V8; it is thrown once V8 is done.
      thrown = { error };
      return false;
    }
    return !(signal && signal.aborted);
  };
  const settle = (error) => (thrown ? thrown.error : error);
  return { needed: Boolean(onProgress || signal), report, settle };
}

/** Runs one snapshot up to the point where only the disk is waited for. */
function take(path, checked) {
  const { needed, report, settle } = reporter(checked);
  if (checked.signal && checked.signal.aborted) throw aborted();
  if (!report('build', 0)) throw settle(aborted());
  try {
    if (!host.isNative('snapshot')) return throughInspector(path, checked, report);
    const args = [nativeOptions(path, checked)];
    if (needed) args.push(report);
    return { file: native.capture(...args) };
  } catch (error) {
    throw settle(error);
  }
}

let capturing = false;

function throughInspector(path, checked, report) {
  if (capturing) throw busy();
  capturing = true;
  try {
    return captureThroughInspector(path, checked, report);
  } finally {
    capturing = false;
  }
}

function captureThroughInspector(path, checked, report) {
  const heapUsed = fallback.heapStatistics().usedHeapSize;
  const start = process.hrtime();
  const file = guarded(() => native.SnapshotFile.open(nativeOptions(path, checked), heapUsed))();
  let given = true;
  const progress = (phase, done) => {
    given = report(phase, done);
    return given;
  };
  try {
    fallback.streamSnapshot(file, { ...checked, progress });
    if (!given) throw aborted();
    return { file, pauseMs: since(start) };
  } catch (error) {
    file.abort();
    throw error;
  }
}

function since(start) {
  const [seconds, nanos] = process.hrtime(start);
  return seconds * 1e3 + nanos / 1e6;
}

/** The whole snapshot, blocking: the outcome with path and size. */
function writeNow(path, checked) {
  const { file, pauseMs } = take(path, checked);
  const outcome = guarded(() => file.finish())();
  return pauseMs === undefined ? outcome : { ...outcome, pauseMs };
}

/** As the contract has it: blocking, the path returned, heapdump's callback. */
function writeSnapshot(...args) {
  const call = parse(...args);
  let outcome;
  try {
    const checked = check(call);
    if (checked.mode === 'fork') {
      throw unavailable('fork', 'this call blocks until the file is there; promises.writeSnapshot() forks');
    }
    outcome = counted(writeNow)(call.path, checked);
  } catch (error) {
    if (!call.callback) throw error;
    call.callback(error);
    return undefined;
  }
  if (call.callback) call.callback(null, outcome.path);
  return outcome.path;
}

/** How often a capture in a copy of the process is asked whether it is done, in ms. */
const POLL_MS = 20;
/** Why a copy came to nothing although a capture here may do. */
const OTHER_WAY = ['ERR_LEAKWATCH_FORK_FAILED', 'ERR_LEAKWATCH_UNAVAILABLE'];

/** A capture in a copy of the process: this isolate stands still for the copying alone. */
function inCopy(path, checked, start) {
  const { needed, report, settle } = reporter(checked);
  const { signal } = checked;
  if (signal && signal.aborted) throw aborted();
  if (!report('build', 0)) throw settle(aborted());
  // The copy is made when the loop, or an interrupt, comes to it.
  deliver.enable();
  const job = guarded(() => native.ForkedCapture.start(nativeOptions(path, checked), !needed))();
  let told = 0;
  let isOver = false;
  return new Promise((resolve, reject) => {
    const abort = () => {
      isOver = true;
      job.abort();
    };
    if (signal && signal.addEventListener) signal.addEventListener('abort', abort, { once: true });
    const over = copies.begin(abort);
    const timer = host.timers.setInterval(() => {
      const outcome = job.poll();
      if (!outcome) {
        if (!needed || isOver) return;
        const whole = job.isWhole();
        const bytes = job.written();
        if (bytes > told) {
          told = bytes;
          if (!report('write', bytes)) abort();
        }
        if (whole && !isOver) job.approve();
        return;
      }
      host.timers.clearInterval(timer);
      if (signal && signal.removeEventListener) signal.removeEventListener('abort', abort);
      const error = over(outcome.error);
      if (error) {
        reject(settle(error));
        return;
      }
      resolve({
        path: outcome.path,
        bytes: outcome.bytes,
        mode: 'fork',
        pauseMs: outcome.pauseMs,
        totalMs: since(start),
        ...(outcome.attempts > 1 ? { attempts: outcome.attempts } : null),
      });
    }, POLL_MS);
  });
}

async function inThisProcess(path, checked, start) {
  const { file, pauseMs } = take(path, checked);
  const { signal } = checked;
  // The thread that compresses and writes hears of an abort as well.
  const abort = () => file.abort();
  if (signal && signal.addEventListener) signal.addEventListener('abort', abort, { once: true });
  try {
    const outcome = await file.finishAsync();
    if (outcome.error) throw fromOutcome(outcome.error);
    return {
      path: outcome.path,
      bytes: outcome.bytes,
      mode: 'inline',
      pauseMs: pauseMs === undefined ? outcome.pauseMs : pauseMs,
      totalMs: since(start),
    };
  } finally {
    if (signal && signal.removeEventListener) signal.removeEventListener('abort', abort);
  }
}

async function writeSnapshotAsync(...args) {
  const call = parse(...args);
  if (call.callback) throw invalid('callback', 'is never called by promises.writeSnapshot(); await what it returns');
  const checked = check(call);
  const start = process.hrtime();
  const forks = checked.mode !== 'inline' && !checked.keepIds && host.isNative('fork');
  if (!forks) return inThisProcess(call.path, checked, start);
  try {
    return await inCopy(call.path, checked, start);
  } catch (error) {
    if (checked.mode === 'fork' || !(error && OTHER_WAY.includes(error.code))) throw error;
    const result = await inThisProcess(call.path, checked, start);
    return { ...result, fallback: error.message };
  }
}

module.exports = {
  check,
  nativeOptions,
  writeNow: counted(writeNow),
  writeSnapshot,
  writeSnapshotAsync: counted(writeSnapshotAsync),
};
