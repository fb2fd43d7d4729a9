'use strict';
// The same measurements by Node's own means, for hosts whose V8 cannot be asked
// natively: dearer, coarser, and no less honest about what they are.

const v8 = require('v8');
const { performance } = require('perf_hooks');
const { now } = require('./clock');
const { LeakwatchError, unavailable } = require('./error');

let collector;
/** Native contexts that exist on our account. */
let ownContexts = 0;
/** How often to try again when another thread has taken V8's flag back. */
const FLAG_TRIES = 100;
const NODE_MAJOR = Number(process.versions.node.split('.')[0]);
/** Whether a snapshot of ours left object ids behind. */
let idsKept = false;
/** When our own snapshots were taken, on performance.now()'s clock. */
const ownSpans = [];
const MAX_SPANS = 16;

/** perf_hooks' flags of a GC that someone asked for: FORCED, ALL_AVAILABLE_GARBAGE. */
const FORCED = 4 | 16;

/** A function that collects all garbage, without --expose-gc. */
function gcFunction() {
  if (collector) return collector;
  // Test suites put mocks in its place.
  if (typeof globalThis.gc === 'function' && /\[native code\]/.test(Function.prototype.toString.call(globalThis.gc))) {
    collector = globalThis.gc;
    return collector;
  }
  // V8's flags are the process's, so another worker in the same few lines may
  // take the flag back before the context is made.
  for (let attempt = 0; attempt < FLAG_TRIES && !collector; attempt++) {
    v8.setFlagsFromString('--expose-gc');
    // A new context has gc() once the flag is set; this one was made before.
    const found = require('vm').runInNewContext('typeof gc === "function" ? gc : undefined');
    // Before Node 14 gc() looks at the flag each time and ends the process if it is off.
    if (NODE_MAJOR >= 14) v8.setFlagsFromString('--no-expose-gc');
    if (found) collector = found;
  }
  if (!collector) throw unavailable('forcedGc', 'this host exposes no gc()');
  ownContexts = 1;
  return collector;
}

function collect() {
  const gc = gcFunction();
  const start = process.hrtime();
  // The second pass takes what the first one's weak callbacks let go.
  gc();
  gc();
  const [seconds, nanos] = process.hrtime(start);
  return seconds * 1e3 + nanos / 1e6;
}

function heapStatistics() {
  const s = v8.getHeapStatistics();
  return {
    totalHeapSize: s.total_heap_size,
    totalHeapSizeExecutable: s.total_heap_size_executable,
    totalPhysicalSize: s.total_physical_size,
    totalAvailableSize: s.total_available_size,
    usedHeapSize: s.used_heap_size,
    heapSizeLimit: s.heap_size_limit,
    mallocedMemory: s.malloced_memory,
    peakMallocedMemory: s.peak_malloced_memory,
    externalMemory: s.external_memory === undefined ? process.memoryUsage().external : s.external_memory,
    nativeContexts:
      s.number_of_native_contexts === undefined ? undefined : s.number_of_native_contexts - ownContexts,
    detachedContexts: s.number_of_detached_contexts,
    totalGlobalHandlesSize: s.total_global_handles_size,
    usedGlobalHandlesSize: s.used_global_handles_size,
  };
}

function heapSpaces() {
  return v8.getHeapSpaceStatistics().map((s) => ({
    name: s.space_name,
    size: s.space_size,
    used: s.space_used_size,
    available: s.space_available_size,
    physical: s.physical_space_size,
  }));
}

/** A baseline as it stands now; `index` is given by the recorder. */
/** Bytes in use by compiled machine code. */
function codeUsed() {
  const spaces = v8.getHeapSpaceStatistics().filter((s) => s.space_name.startsWith('code_'));
  return spaces.reduce((sum, s) => sum + s.space_used_size, 0);
}

function baseline(label, gcMs, forced) {
  const s = heapStatistics();
  const memory = process.memoryUsage();
  return {
    index: 0,
    label,
    time: now(),
    heapUsed: s.usedHeapSize,
    code: codeUsed(),
    external: memory.external,
    arrayBuffers: memory.arrayBuffers,
    rss: memory.rss,
    nativeContexts: s.nativeContexts,
    detachedContexts: s.detachedContexts,
    globalHandles: s.usedGlobalHandlesSize,
    gcMs,
    forced,
  };
}

/** Calls `seen(kind, start, duration, flags)` for each GC; returns a stop function. */
function observeGcs(seen) {
  const { PerformanceObserver } = require('perf_hooks');
  const origin = performance.timeOrigin;
  const isOwn = (at) => ownSpans.some(([from, to]) => at >= from && at <= to);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // Node 16 moved the numbers into `detail`.
      const detail = entry.detail || entry;
      const flags = (detail.flags || 0) | (isOwn(entry.startTime) ? FORCED : 0);
      seen(detail.kind, origin + entry.startTime, entry.duration, flags);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

/** Talks to V8 through the inspector, where the host has one. */
function tell(...methods) {
  let inspector;
  try {
    inspector = require('inspector');
  } catch (_) {
    return;
  }
  const session = new inspector.Session();
  session.connect();
  // What fails costs time, not truth.
  for (const method of methods) session.post(method, () => {});
  session.disconnect();
}

/** Streams a snapshot into `file`, all of it at once. */
function streamSnapshot(file, { exposeNumericValues, keepIds, progress }) {
  const from = performance.now();
  // Building the tables of line ends first: see line_ends.rs. A session that
  // ends takes kept ids with it; the snapshot that gave them built the tables.
  if (NODE_MAJOR < 22 && !idsKept) tell('Debugger.enable', 'Debugger.disable');
  const stream = v8.getHeapSnapshot(exposeNumericValues ? { exposeNumericValues } : undefined);
  let bytes = 0;
  let last = null;
  let going = true;
  for (let chunk = stream.read(); chunk !== null; chunk = going ? stream.read() : null) {
    bytes += chunk.length;
    last = chunk;
    going = file.write(Buffer.from(chunk)) && progress('write', bytes);
  }
  stream.destroy();
  idsKept = true;
  if (!keepIds) endIds();
  ownSpans.push([from, performance.now()]);
  if (ownSpans.length > MAX_SPANS) ownSpans.shift();
  if (going && (last === null || !/}\s*$/.test(last.toString('latin1', Math.max(0, last.length - 64))))) {
    throw new LeakwatchError('ERR_LEAKWATCH_SNAPSHOT_FAILED', 'V8 gave no snapshot: it ended early');
  }
}

/** Ends the object ids that a snapshot gave out, and with them the snapshot tax. */
function endIds() {
  if (idsKept) tell('HeapProfiler.enable', 'HeapProfiler.disable');
  idsKept = false;
}

module.exports = { FORCED, baseline, collect, endIds, heapSpaces, heapStatistics, observeGcs, streamSnapshot };
