/// <reference types="node" />
import { EventEmitter } from 'events';

declare namespace gcStats {
  /** Bytes, and counts of contexts. */
  interface HeapInfo {
    totalHeapSize: number;
    totalHeapExecutableSize: number;
    usedHeapSize: number;
    heapSizeLimit: number;
    totalPhysicalSize: number;
    totalAvailableSize: number;
    mallocedMemory: number;
    peakMallocedMemory: number;
    numberOfNativeContexts: number;
    numberOfDetachedContexts: number;
  }

  interface GCStatistics {
    /** Nanoseconds on `process.hrtime()`'s clock, as `endTime`. */
    startTime: number;
    endTime: number;
    /** Nanoseconds. */
    pause: number;
    pauseMS: number;
    /** V8's number in the version that runs: Node's `perf_hooks.constants` name them. */
    gctype: number;
    /** Beyond the original. */
    gctypeName: 'minor' | 'major' | 'incremental' | 'weakcb' | 'other';
    /** `usedHeapSize` is exact; the other figures are those of the moment events are handed on, as in `after`. */
    before: HeapInfo;
    after: HeapInfo;
    diff: HeapInfo;
  }

  interface GCStatsEventEmitter extends EventEmitter {
    on(event: 'data' | 'stats', listener: (stats: GCStatistics) => void): this;
  }
}

/** The API of gc-stats 1.4.1: one emitter for the isolate. */
declare function gcStats(): gcStats.GCStatsEventEmitter;

export = gcStats;
