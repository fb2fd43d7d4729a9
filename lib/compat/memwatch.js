'use strict';
// The memwatch family (memwatch-next, node-memwatch, @airbnb/node-memwatch): the
// module is an emitter of 'stats' and 'leak' with gc() and HeapDiff.

const EventEmitter = require('events');
const { gc: collect, heapStatistics } = require('../baselines');
const { HeapDiff, isOwnGc, niceSize } = require('./heap-diff');
const { follow } = require('./gcs');

/** Full GCs over which the recent and the long-time base are smoothed. */
const RECENT = 10;
const ANCIENT = 120;
/** Full GCs before min and max count. */
const SETTLED = 3;

const memwatch = new EventEmitter();
const counts = { minor: [0, 0], major: [0, 0], incremental: [0, 0], weakcb: [0, 0], other: [0, 0] };
const base = { recent: 0, ancient: 0, last: 0, min: 0, max: 0 };

/** The family's own smoothing, without its integer overflows. */
function smooth(compactions, used) {
  base.last = used;
  if (compactions < RECENT) {
    const weight = (power) => Math.pow(compactions / RECENT, power) * compactions;
    const [recent, ancient] = [weight(2.5), weight(2.4)];
    base.recent = (base.recent * recent + used) / (recent + 1);
    base.ancient = (base.ancient * ancient + used) / (ancient + 1);
  } else {
    base.recent = (base.recent * (RECENT - 1) + used) / RECENT;
    const decay = Math.min(ANCIENT, compactions);
    base.ancient = (base.ancient * (decay - 1) + used) / decay;
  }
  if (compactions < SETTLED) return;
  base.min = base.min === 0 ? used : Math.min(base.min, used);
  base.max = Math.max(base.max, used);
}

function statsOf(gc) {
  const heap = heapStatistics();
  const used = gc.usedAfter === null ? heap.usedHeapSize : gc.usedAfter;
  smooth(counts.major[0], used);
  const nanos = (ms) => Math.round(ms * 1e6);
  return {
    num_full_gc: counts.major[0],
    num_inc_gc: counts.minor[0] + counts.incremental[0] + counts.weakcb[0],
    heap_compactions: counts.major[0],
    usage_trend: base.ancient ? Math.round(((base.recent - base.ancient) / base.ancient) * 1000) / 10 : 0,
    estimated_base: Math.round(base.recent),
    current_base: base.last,
    min: base.min,
    max: base.max,
    gc_ts: Math.round((gc.start + gc.duration) * 1e3),
    gcScavengeCount: counts.minor[0],
    gcScavengeTime: nanos(counts.minor[1]),
    gcMarkSweepCompactCount: counts.major[0],
    gcMarkSweepCompactTime: nanos(counts.major[1]),
    gcIncrementalMarkingCount: counts.incremental[0],
    gcIncrementalMarkingTime: nanos(counts.incremental[1]),
    gcProcessWeakCallbacksCount: counts.weakcb[0],
    gcProcessWeakCallbacksTime: nanos(counts.weakcb[1]),
    total_heap_size: heap.totalHeapSize,
    total_heap_size_executable: heap.totalHeapSizeExecutable,
    total_physical_size: heap.totalPhysicalSize,
    total_available_size: heap.totalAvailableSize,
    used_heap_size: used,
    heap_size_limit: heap.heapSizeLimit,
    malloced_memory: heap.mallocedMemory,
    peak_malloced_memory: heap.peakMallocedMemory,
    gc_time: nanos(gc.duration),
  };
}

function seen(gc) {
  if (isOwnGc(gc)) return;
  counts[gc.type][0] += 1;
  counts[gc.type][1] += gc.duration;
  if (gc.type === 'major') memwatch.emit('stats', statsOf(gc));
}

function niceDelta(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours ? `${hours}h ` : ''}${minutes ? `${minutes}m ` : ''}${Math.round(seconds % 60)}s`;
}

/** leakwatch's verdict in the family's shape. */
function leakOf(trend) {
  const { bytesPerTick, bytesPerSecond, ticks } = trend;
  const growth = Math.round(bytesPerTick * ticks);
  const end = new Date();
  const ms = bytesPerSecond > 0 ? (growth / bytesPerSecond) * 1e3 : 0;
  return {
    start: new Date(end.getTime() - ms),
    end,
    growth,
    reason: `heap growth over ${ticks} consecutive GCs (${niceDelta(ms / 1e3)}) - ${niceSize(Math.round(bytesPerSecond * 3600))}/hr`,
    trend,
  };
}

follow(memwatch, ['stats', 'leak'], seen, (watch) => {
  const leak = (trend) => memwatch.emit('leak', leakOf(trend));
  watch.on('leak', leak);
  return () => watch.removeListener('leak', leak);
});

/** A full GC; the deadline of the originals is taken and not needed. */
memwatch.gc = function gc() {
  collect();
};
memwatch.HeapDiff = HeapDiff;

module.exports = memwatch;
