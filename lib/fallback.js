'use strict';
// The same measurements by Node's own means, for hosts whose V8 cannot be asked
// natively: dearer, coarser, and no less honest about what they are.

const v8 = require('v8');
const { LeakwatchError, unavailable } = require('./error');

let collector;
/** Native contexts that exist on our account. */
let ownContexts = 0;
/** How often to try again when another thread has taken V8's flag back. */
const FLAG_TRIES = 100;
/** The inspector session that keeps object ids, if any was asked to. */
let keeper = null;
/** When our own snapshots were taken, on performance.now()'s clock. */
const ownSpans = [];
const MAX_SPANS = 16;

/** perf_hooks' flags of a GC that someone asked for: FORCED, ALL_AVAILABLE_GARBAGE. */
const FORCED = 4 | 16;

/** A function that collects all garbage, without --expose-gc. */
function gcFunction() {
  if (collector) return collector;
  if (typeof globalThis.gc === 'function') {
    collector = globalThis.gc;
    return collector;
  }
  // V8's flags are the process's, so another worker in the same few lines may
  // take the flag back before the context is made.
  for (let attempt = 0; attempt < FLAG_TRIES && !collector; attempt++) {
    v8.setFlagsFromString('--expose-gc');
    // A new context has gc() once the flag is set; this one was made before.
    const found = require('vm').runInNewContext('typeof gc === "function" ? gc : undefined');
    v8.setFlagsFromString('--no-expose-gc');
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
function baseline(label, gcMs, forced) {
  const s = heapStatistics();
  const memory = process.memoryUsage();
  return {
    index: 0,
    label,
    time: Date.now(),
    heapUsed: s.usedHeapSize,
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
  const { PerformanceObserver, performance } = require('perf_hooks');
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

/** Streams a snapshot through the inspector into `file`, all of it at once. */
function streamSnapshot(file, { exposeNumericValues, keepIds, progress }) {
  let inspector;
  try {
    inspector = require('inspector');
  } catch (_) {
    throw unavailable('snapshot', 'this host was built without the inspector');
  }
  const { performance } = require('perf_hooks');
  const from = performance.now();
  const session = new inspector.Session();
  session.connect();
  let failure = null;
  let bytes = 0;
  let stopped = false;
  session.on('HeapProfiler.addHeapSnapshotChunk', (message) => {
    if (stopped) return;
    const chunk = Buffer.from(message.params.chunk);
    bytes += chunk.length;
    stopped = !file.write(chunk) || !progress('write', bytes);
  });
  const post = (method, params) => {
    session.post(method, params, (error) => {
      failure = failure || error;
    });
  };
  // Building the tables of line ends first: see line_ends.rs.
  if (Number(process.versions.node.split('.')[0]) < 22) {
    post('Debugger.enable');
    post('Debugger.disable');
  }
  const params = { reportProgress: false };
  if (exposeNumericValues) params.captureNumericValue = true;
  post('HeapProfiler.takeHeapSnapshot', params);
  // Disabling ends the object ids, and with them the snapshot tax; so does
  // disconnecting, so a session that is to keep them stays.
  endIds();
  if (keepIds) {
    keeper = session;
  } else {
    post('HeapProfiler.enable');
    post('HeapProfiler.disable');
    session.disconnect();
  }
  ownSpans.push([from, performance.now()]);
  if (ownSpans.length > MAX_SPANS) ownSpans.shift();
  if (failure) {
    throw new LeakwatchError('ERR_LEAKWATCH_SNAPSHOT_FAILED', `V8 gave no snapshot: ${failure.message}`);
  }
}

/** Ends the ids that an earlier snapshot kept. */
function endIds() {
  if (keeper) keeper.disconnect();
  keeper = null;
}

module.exports = { FORCED, baseline, collect, endIds, heapSpaces, heapStatistics, observeGcs, streamSnapshot };
