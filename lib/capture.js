'use strict';
// Captures: what is left of a heap once it was analysed, in the copy of the
// process or on another thread. No snapshot is written to disk.

const host = require('./host');
const fallback = require('./fallback');
const options = require('./options');
const copies = require('./copies');
const { deliver } = require('./delivery');
const { aborted, busy, fromOutcome, guarded, invalid, unavailable } = require('./error');
const { nativeOptions } = require('./snapshot');

const { native } = host;
/** How often a capture in a copy of the process is asked whether it is done, in ms. */
const POLL_MS = 20;
/** Why a copy came to nothing although a capture here may do. */
const OTHER_WAY = ['ERR_LEAKWATCH_FORK_FAILED', 'ERR_LEAKWATCH_UNAVAILABLE'];

/** The bytes of captures that were made here, where no snapshot sees them. */
const KEPT = new WeakMap();

/** Keeps bytes outside of V8's heap for as long as the result lives. */
function keep(bytes) {
  const held = native.keepCapture(bytes);
  return { held, number: native.keptNumber(held) };
}

/** The bytes of a capture, also of one that went through JSON or came from another process. */
function keptOf(name, value) {
  if (KEPT.has(value)) return KEPT.get(value);
  const data = value && typeof value === 'object' ? value.data : undefined;
  if (data instanceof Uint8Array) {
    return keep(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
  if (data && data.type === 'Buffer' && Array.isArray(data.data)) return keep(Buffer.from(data.data));
  throw invalid(name, `must be captures of promises.capture(), not ${options.show(value)}`);
}

/** Whether a value is meant as a capture, and not as the path of a file. */
const isCapture = (value) => typeof value === 'object' && value !== null;

/** The given captures, as the addon wants them; `kept` lets them live as long as this. */
function among(name, captures) {
  if (!Array.isArray(captures)) throw invalid(name, `must be an array of captures, not ${options.show(captures)}`);
  const kept = captures.map((capture) => keptOf(name, capture));
  return { kept, since: kept.map(({ number }) => number) };
}

function since(start) {
  const [seconds, nanos] = process.hrtime(start);
  return seconds * 1e3 + nanos / 1e6;
}

/** Calls `abort` when the signal says so; returns what ends that. */
function onAbort(signal, abort) {
  if (!signal) return () => {};
  if (signal.aborted) throw aborted();
  if (!signal.addEventListener) return () => {};
  signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}

/** In a copy of the process: this isolate stands still for the copying alone. */
function inCopy(checked, wanted, held) {
  // The copy is made when the loop, or an interrupt, comes to it.
  deliver.enable();
  let job = null;
  const release = onAbort(checked.signal, () => job && job.abort());
  return new Promise((resolve, reject) => {
    job = guarded(() => native.ForkedCapture.analyse(nativeOptions(undefined, checked), wanted))();
    const over = copies.begin(() => job.abort());
    const timer = host.timers.setInterval(() => {
      const outcome = job.poll();
      if (!outcome) return;
      host.timers.clearInterval(timer);
      release();
      const error = over(outcome.error);
      if (error) reject(error);
      else resolve(outcome);
    }, POLL_MS);
    if (!held) timer.unref();
  });
}

let capturing = false;

/** Through `node:inspector`, where V8 is not to be asked natively. */
function throughInspector(checked, wanted) {
  if (capturing) throw busy();
  capturing = true;
  const start = process.hrtime();
  const heapUsed = fallback.heapStatistics().usedHeapSize;
  try {
    const beside = guarded(() => native.SnapshotFile.analyse(nativeOptions(undefined, checked), wanted, heapUsed))();
    fallback.streamSnapshot(beside, { ...checked, progress: () => !(checked.signal && checked.signal.aborted) });
    return { beside, pauseMs: since(start) };
  } finally {
    capturing = false;
  }
}

/** In this process: V8's part here, the analysis on another thread. */
async function here(checked, wanted) {
  const { signal } = checked;
  if (signal && signal.aborted) throw aborted();
  const { beside, pauseMs } = host.isNative('snapshot')
    ? { beside: guarded(() => native.SnapshotFile.analyse(nativeOptions(undefined, checked), wanted))() }
    : throughInspector(checked, wanted);
  const release = onAbort(signal, () => beside.abort());
  try {
    const outcome = await guarded(() => beside.finishAsync())();
    if (outcome.error) throw fromOutcome(outcome.error);
    return pauseMs === undefined ? outcome : { ...outcome, pauseMs };
  } finally {
    release();
  }
}

/** What the caller holds: its data lie outside of V8's heap, and all else is read from them when it is asked for. */
class Capture {
  constructor({ mode, pauseMs, nodes, capture: data }, totalMs, fallbackReason) {
    const kept = keep(data);
    KEPT.set(this, kept);
    const { summary } = read(kept);
    this.mode = mode;
    this.pauseMs = pauseMs;
    this.totalMs = totalMs;
    this.nodes = nodes || summary.file.nodes;
    this.totalBytes = summary.file.totalBytes;
    this.classCount = summary.classCount;
    if (fallbackReason) this.fallback = fallbackReason;
    // Its own, so that JSON and postMessage() have it as well.
    Object.defineProperty(this, 'data', { enumerable: true, get: () => native.keptBytes(kept.number) });
  }

  get classes() {
    return read(KEPT.get(this)).summary.classes;
  }

  get diff() {
    return read(KEPT.get(this)).diff || null;
  }
}

const read = (kept) => JSON.parse(native.readCaptures({ kept, since: [kept.number] }));

/** `held`: the event loop does not end before the capture is there. */
async function capture(given, held = true) {
  const { since: earlier, topSuspects, minGrowthBytes, sourceMaps, ...checked } = options.capture(given);
  const wanted = { ...among('since', earlier === undefined ? [] : earlier), topSuspects, minGrowthBytes, sourceMaps };
  const start = process.hrtime();
  const forks = checked.mode !== 'inline' && host.isNative('fork');
  if (checked.mode === 'fork' && !forks) throw unavailable('fork', host.capabilities.get('fork').why);
  if (!forks) return new Capture(await here(checked, wanted), since(start));
  try {
    return new Capture(await inCopy(checked, wanted, held), since(start));
  } catch (error) {
    if (checked.mode === 'fork' || !(error && OTHER_WAY.includes(error.code))) throw error;
    return new Capture(await here(checked, wanted), since(start), error.message);
  }
}

/** `summarize()` of a capture. */
function summarize(value, { topClasses = 0 } = {}) {
  const { summary } = read(keptOf('path', value));
  if (topClasses > 0) summary.classes.length = Math.min(topClasses, summary.classes.length);
  return summary;
}

/** `diff()` of two captures or more, which take no options that are about files. */
function diff(captures, { topClasses = 0, topSuspects, minGrowthBytes, ...rest } = {}) {
  const other = Object.keys(rest).find((name) => rest[name] !== undefined && !['onProgress', 'signal'].includes(name));
  if (other) throw invalid(other, 'says something about files, and not about captures');
  const wanted = { ...among('paths', captures), topSuspects, minGrowthBytes };
  const found = JSON.parse(native.readCaptures(wanted));
  if (topClasses > 0) found.classes.length = Math.min(topClasses, found.classes.length);
  return found;
}

module.exports = { capture, diff, isCapture, summarize };
