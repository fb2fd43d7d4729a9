/// <reference types="node" />
import { EventEmitter } from 'events';
import leakwatch = require('../index');

/** The API of memwatch-next, node-memwatch and @airbnb/node-memwatch. */
declare namespace memwatch {
  interface HeapSize {
    size_bytes: number;
    /** As text, `1.78 mb`. */
    size: string;
  }

  interface HeapDiffResult {
    before: HeapSize & { nodes: number };
    after: HeapSize & { nodes: number };
    change: HeapSize & {
      freed_nodes: number;
      allocated_nodes: number;
      details: Array<HeapSize & { what: string; '+': number; '-': number }>;
    };
  }

  /** A snapshot now and one at `end()`, which may be called once. */
  interface HeapDiff {
    end(): HeapDiffResult;
  }

  interface Leak {
    start: Date;
    end: Date;
    /** Bytes. */
    growth: number;
    reason: string;
    /** Beyond the originals: the verdict it comes from. */
    trend: leakwatch.Trend;
  }
}

interface Memwatch extends EventEmitter {
  HeapDiff: new () => memwatch.HeapDiff;
  /** A full GC. */
  gc(ms?: number): void;
  on(event: 'leak', listener: (leak: memwatch.Leak) => void): this;
  /** After each full GC; the fields of both families. */
  on(event: 'stats', listener: (stats: Record<string, number>) => void): this;
}

declare const memwatch: Memwatch;

export = memwatch;
