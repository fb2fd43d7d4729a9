'use strict';
// Snapshots on call.

const host = require('./host');
const fallback = require('./fallback');
const options = require('./options');
const { aborted, fromOutcome, invalid, rewrap, unavailable } = require('./error');

const { native } = host;

/** `(path?, options?, callback?)` in every combination heapdump's users know. */
function parse(path, given, callback) {
  if (typeof path === 'function') [path, given, callback] = [undefined, undefined, path];
  else if (typeof given === 'function') [given, callback] = [undefined, given];
  if (path !== null && typeof path === 'object' && given === undefined) [path, given] = [undefined, path];
  if (path !== undefined && path !== null && typeof path !== 'string') {
    throw invalid('path', `must be a string, not ${options.show(path)}`);
  }
  if (callback !== undefined && typeof callback !== 'function') {
    throw invalid('callback', `must be a function, not ${options.show(callback)}`);
  }
  const checked = options.snapshot(given);
  if (checked.redact) throw unavailable('redact', 'this version cannot leave strings out yet');
  return { path: path === null ? undefined : path, checked, callback };
}

function nativeOptions(path, checked) {
  return {
    path,
    compress: checked.compress,
    force: checked.force,
    keepIds: checked.keepIds,
    numericValues: checked.exposeNumericValues,
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
function take(path, checked, finish) {
  const { needed, report, settle } = reporter(checked);
  if (checked.signal && checked.signal.aborted) throw aborted();
  if (!report('build', 0)) throw settle(aborted());
  try {
    if (host.isNative('snapshot')) {
      const call = finish === 'sync' ? native.writeSnapshot : native.writeSnapshotAsync;
      const args = [nativeOptions(path, checked)];
      if (needed) args.push(report);
      return call(...args);
    }
    return throughInspector(path, checked, finish, report);
  } catch (error) {
    throw settle(error);
  }
}

function throughInspector(path, checked, finish, report) {
  const heapUsed = fallback.heapStatistics().usedHeapSize;
  let file;
  const start = Date.now();
  try {
    file = native.SnapshotFile.open(nativeOptions(path, checked), heapUsed);
  } catch (error) {
    throw rewrap(error);
  }
  let given = true;
  const progress = (phase, done) => {
    given = report(phase, done);
    return given;
  };
  try {
    fallback.streamSnapshot(file, { ...checked, progress });
    if (!given) throw aborted();
    const pauseMs = Date.now() - start;
    if (finish === 'sync') return file.finish();
    return file.finishAsync().then((outcome) => ({ ...outcome, pauseMs }));
  } catch (error) {
    file.abort();
    throw rewrap(error);
  }
}

/** As the contract has it: blocking, the path returned, heapdump's callback. */
function writeSnapshot(...args) {
  const { path, checked, callback } = parse(...args);
  if (checked.mode === 'fork') throw noFork();
  let outcome;
  try {
    outcome = take(path, checked, 'sync');
  } catch (error) {
    if (!callback) throw error;
    callback(error);
    return undefined;
  }
  if (callback) callback(null, outcome.path);
  return outcome.path;
}

function noFork() {
  return unavailable('fork', "this version captures inline only; use mode: 'auto' or 'inline'");
}

async function writeSnapshotAsync(...args) {
  const { path, checked } = parse(...args);
  if (checked.mode === 'fork') throw noFork();
  const start = process.hrtime();
  const outcome = await take(path, checked, 'async');
  if (outcome.error) throw fromOutcome(outcome.error);
  const [seconds, nanos] = process.hrtime(start);
  return {
    path: outcome.path,
    bytes: outcome.bytes,
    mode: 'inline',
    pauseMs: outcome.pauseMs,
    totalMs: seconds * 1e3 + nanos / 1e6,
  };
}

module.exports = { nativeOptions, writeSnapshot, writeSnapshotAsync };
