import memwatch = require('./memwatch');

/** The API of leakage 0.5.0. */
declare namespace leakage {
  interface Options {
    /** Runs for each heap diff. Default 30. */
    iterations?: number;
    /** Heap diffs. Default 6. */
    gcollections?: number;
  }

  interface Result {
    heapDiffs: memwatch.HeapDiffResult[];
    iterations: number;
    gcollections: number;
    printSummary(title?: string, log?: (line: string) => void): void;
  }

  class MemoryLeakError extends Error {}

  /** @throws {MemoryLeakError} */
  function iterate(iterator: () => unknown, options?: Options): Result;

  namespace iterate {
    /** Rejects with a {@link MemoryLeakError}. */
    function async(iterator: () => PromiseLike<unknown>, options?: Options): Promise<Result>;
  }
}

export = leakage;
