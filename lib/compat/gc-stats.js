'use strict';
// gc-stats 1.4.1: a function that returns the one emitter of 'data' and 'stats'.

const EventEmitter = require('events');
const { constants } = require('perf_hooks');
const { heapStatistics } = require('../baselines');
const { now } = require('../clock');
const { follow } = require('./gcs');

/** V8's own numbers in this version: they have moved. */
const NUMBERS = {
  minor: constants.NODE_PERFORMANCE_GC_MINOR,
  major: constants.NODE_PERFORMANCE_GC_MAJOR,
  incremental: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
  weakcb: constants.NODE_PERFORMANCE_GC_WEAKCB,
  other: 0,
};

/** From epoch milliseconds to uv_hrtime()'s nanoseconds. */
const [seconds, nanos] = process.hrtime();
const OFFSET_MS = seconds * 1e3 + nanos / 1e6 - now();

function sample() {
  const s = heapStatistics();
  return {
    totalHeapSize: s.totalHeapSize,
    totalHeapExecutableSize: s.totalHeapSizeExecutable,
    usedHeapSize: s.usedHeapSize,
    heapSizeLimit: s.heapSizeLimit,
    totalPhysicalSize: s.totalPhysicalSize,
    totalAvailableSize: s.totalAvailableSize,
    mallocedMemory: s.mallocedMemory,
    peakMallocedMemory: s.peakMallocedMemory,
    numberOfNativeContexts: s.nativeContexts === undefined ? 0 : s.nativeContexts,
    numberOfDetachedContexts: s.detachedContexts === undefined ? 0 : s.detachedContexts,
  };
}

function difference(before, after) {
  const out = {};
  for (const name of Object.keys(after)) out[name] = after[name] - before[name];
  return out;
}

let last = null;

/**
 * Of one GC, in gc-stats' shape. Times and used heap are those of the GC; the other
 * figures are those of the moment GCs are handed on, about once a second.
 */
function statsOf(gc) {
  const now = sample();
  const { usedBefore, usedAfter } = gc;
  const before = Object.assign({}, last || now, { usedHeapSize: usedBefore === null ? (last || now).usedHeapSize : usedBefore });
  const after = Object.assign({}, now, { usedHeapSize: usedAfter === null ? now.usedHeapSize : usedAfter });
  last = now;
  const startTime = Math.round((gc.start + OFFSET_MS) * 1e6);
  const pause = Math.round(gc.duration * 1e6);
  return {
    startTime,
    endTime: startTime + pause,
    pause,
    pauseMS: Math.round(gc.duration),
    gctype: NUMBERS[gc.type],
    gctypeName: gc.type,
    before,
    after,
    diff: difference(before, after),
  };
}

let emitter = null;

function gcStats() {
  if (this instanceof gcStats) {
    throw Error('gc-stats no longer exports a constructor. Call without the `new` keyword');
  }
  if (!emitter) {
    emitter = new EventEmitter();
    follow(emitter, ['data', 'stats'], (gc) => {
      const stats = statsOf(gc);
      emitter.emit('data', stats);
      emitter.emit('stats', stats);
    });
  }
  return emitter;
}

module.exports = gcStats;
