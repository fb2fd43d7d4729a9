/// <reference types="node" />
import { EventEmitter } from 'events';

/**
 * leakwatch finds memory leaks from inside the process.
 *
 * All sizes are in bytes, all times in milliseconds, all counts whole numbers.
 * Everything works in the main thread and in workers, each for itself. Errors
 * are {@link LeakwatchError}s with a stable `code`.
 */
declare namespace leakwatch {
  /** What a run of baselines means. */
  type Verdict = 'insufficient' | 'steady' | 'growing' | 'leaking';

  /** What is judged by itself. */
  type Channel = 'heap' | 'external' | 'contexts' | 'rss';

  /** From when on growth matters. Each has a default that was chosen by simulation. */
  interface Thresholds {
    /** Forced baselines below which the verdict is `insufficient`. Default 6. */
    minForced?: number;
    /**
     * The same for baselines of natural full GCs. Default 8; up to 8, six will do for a leak that is plain: no baseline was below the
     * one before, a twentieth of the limit is gone, and the pace is even.
     */
    minNatural?: number;
    /** Baselines at the start that may belong to warming up. Default 10. */
    warmUp?: number;
    /** Bytes per tick that the lower bound of the slope must exceed, unless the rise is a creep (see `creepRise`). Default 2560. */
    floorBytes?: number;
    /** The same as a share of the limit. Default 1e-7. */
    floorShare?: number;
    /** Bytes the baseline must have risen by in all, forced baselines. Default 32 KiB, half as much again in a young run. */
    minRise?: number;
    /** The same for natural baselines. Default 256 KiB. */
    minRiseNatural?: number;
    /** Bytes risen in all from which growth slower than the floor matters too. Default 4,000,000. */
    creepRise?: number;
    /** The same as a share of the limit; the larger of the two counts. Default 0.001. */
    creepShare?: number;
    /** Contexts per tick that the lower bound of the slope must exceed. Default 0.2. */
    floorContexts?: number;
    /** Contexts the count must have risen by in all. Default 4. */
    minContexts?: number;
    /** Confidence asked of the Mann–Kendall test, 0.5 to 0.999999. Default 0.99. */
    confidence?: number;
  }

  interface StartOptions {
    /**
     * Force a full GC this often and take a baseline after it, in ms; 0 (the
     * default) never forces one: baselines then come from natural full GCs.
     * A forced GC costs about 1.15 ms per MB of heap.
     */
    forceGcEvery?: number;
    /** Baselines kept, 8 to 100,000. Default 240; the whole run is kept at a coarser resolution besides. */
    window?: number;
    thresholds?: Thresholds;
    /**
     * On a leak, `'emit'` (the default) only tells. With `'capture'` heaps are captured while the verdict builds up (after 4
     * baselines, 8, 16 and so on, as long as it is not `steady`) and when it is there, so that the `'leak'` event comes with
     * `suspects`, and later by the time that the last {@link promises.capture} takes (up to three seconds more if nothing
     * was captured before). With `snapshotDir` a snapshot is written as well, one in ten minutes. Without a copy of the
     * process there is one capture before the verdict, since each stops the isolate.
     */
    onLeak?: 'emit' | 'capture';
    /** Where snapshots go that no call asked for. Default: the working directory. */
    snapshotDir?: string;
    /** Write a snapshot on this signal; see {@link snapshotOnSignal}. */
    snapshotSignal?: NodeJS.Signals | false;
    /**
     * Write one snapshot when V8 is about to run out of heap: the limit is
     * raised once by an eighth (32 MiB at least), then Node's usual end comes.
     * Where Node listens too (in workers, with `--heapsnapshot-near-heap-limit`)
     * another 16 MiB let it have its turn.
     */
    nearHeapLimit?: boolean;
    /**
     * Snapshots kept in `snapshotDir`: after each one that no call asked for, older ones of leakwatch's own naming beyond
     * this many are removed. Default: all are kept. Temporary files that dead processes left where snapshots go are removed at
     * each start in any case.
     */
    keepSnapshots?: number;
    /** The same by their size in all, in bytes. The newest always stays. */
    keepSnapshotBytes?: number;
    /**
     * Open a socket that this user alone can connect to, for `leakwatch status|baseline|snapshot|suspects <pid>`: in the
     * directory given, which must be private, or in the user's own. Default false.
     */
    control?: boolean | string;
  }

  /** One garbage collection. */
  interface GcEvent {
    /** Number since watching began, from 0. */
    seq: number;
    type: 'minor' | 'major' | 'incremental' | 'weakcb' | 'other';
    /** Epoch milliseconds; advances with a monotonic clock. */
    start: number;
    /** The pause. */
    duration: number;
    /** Whether someone asked for it. */
    forced: boolean;
    /** Heap in use before; null where it is not known. */
    usedBefore: number | null;
    /** Heap in use after; null where it is not known. */
    usedAfter: number | null;
    /** Full GCs only: bytes in use after it, by V8's name of the space. */
    spaces?: Record<string, number>;
  }

  /** What was in use right after a full GC. */
  interface Baseline {
    /** Number since watching began, from 0. */
    index: number;
    /** As given to {@link tick}. */
    label: string | null;
    /** Epoch milliseconds; advances with a monotonic clock. */
    time: number;
    heapUsed: number;
    /** Compiled machine code, a part of `heapUsed`: what a warm-up grows by. Null where V8 does not tell. */
    code: number | null;
    /** Off-heap memory that objects hold, as V8 counts it. */
    external: number;
    /**
     * `process.memoryUsage().arrayBuffers`. Null on Node before 12.17, and for natural baselines while the program does not
     * return to its event loop: a GC cannot ask Node.
     */
    arrayBuffers: number | null;
    /** Of the whole process, all its threads. */
    rss: number;
    /** Live native contexts: 1, and one for each `vm` context. */
    nativeContexts: number | null;
    detachedContexts: number | null;
    /** Bytes of global handles in use; null on Node before 14, in the fallback before 15. */
    globalHandles: number | null;
    /** How long the GC took. */
    gcMs: number;
    /** Taken by a tick, not by a GC of V8's own. */
    forced: boolean;
  }

  interface ChannelTrend {
    verdict: Verdict;
    /** Bytes per tick; for `contexts`, contexts per tick. Theil–Sen slope. */
    perTick: number;
    perSecond: number;
    /** Lower end of the 95 % interval of `perTick`. */
    low: number;
    /** Upper end of the 95 % interval of `perTick`. */
    high: number;
    /** Confidence that it rises at all, 0 to 1. */
    confidence: number;
    /** Baselines judged. */
    ticks: number;
    timeToLimitMs: number | null;
    reason: string;
  }

  interface Trend {
    verdict: Verdict;
    /** The channel that decided. */
    channel: Channel;
    /** Growth per baseline. */
    bytesPerTick: number;
    bytesPerSecond: number;
    /** Lower end of the 95 % interval of `bytesPerTick`. */
    low: number;
    /** Upper end of the 95 % interval of `bytesPerTick`. */
    high: number;
    /** Confidence that it rises at all, 0 to 1. */
    confidence: number;
    /** Baselines judged, the warm-up left out. */
    ticks: number;
    /** When the limit is reached at this rate; null if it is not. For the heap: the old generation's, where that was set. */
    timeToLimitMs: number | null;
    /** One sentence with the numbers. */
    reason: string;
    channels: Partial<Record<Channel, ChannelTrend>>;
  }

  interface HeapStatistics {
    totalHeapSize: number;
    totalHeapSizeExecutable: number;
    totalPhysicalSize: number;
    totalAvailableSize: number;
    usedHeapSize: number;
    heapSizeLimit: number;
    mallocedMemory: number;
    peakMallocedMemory: number;
    externalMemory: number;
    nativeContexts?: number;
    detachedContexts?: number;
    totalGlobalHandlesSize?: number;
    usedGlobalHandlesSize?: number;
  }

  interface Stats {
    heap: HeapStatistics;
    /** By V8's name of the space. */
    spaces: Record<string, { size: number; used: number; available: number; physical: number }>;
    /** Since watching began, by type: how many and how long in all. */
    gc: Record<GcEvent['type'], { count: number; duration: number }>;
    /** GCs that could not be recorded; 0 as a rule. */
    gcMissed: number;
    /** Baselines so far. */
    baselines: number;
    memory: { rss: number; external: number; arrayBuffers: number | null };
  }

  interface SnapshotProgress {
    /** `build`: V8 is about to build its graph, which cannot be interrupted. `write`: it is being written. */
    phase: 'build' | 'write';
    /** Bytes serialised so far. */
    bytes: number;
  }

  interface SnapshotOptions {
    /** Compress while writing; `.gz` or `.zst` is added to the name. */
    compress?: 'gzip' | 'zstd' | false;
    /**
     * Leave out what strings, script sources, regular expressions and numbers say: their length class is written instead,
     * while the text streams into the file. Names of properties, constructors, functions and variables stay.
     */
    redact?: boolean;
    /**
     * `'fork'`: in a copy of the process (Linux), so that the isolate stands still for the copying alone. `'inline'`: in
     * this process. `'auto'`, the default: a copy where one can be made and comes to its end, else inline. `writeSnapshot()`
     * blocks and always captures inline. See docs/fork-capture.md.
     */
    mode?: 'auto' | 'fork' | 'inline';
    /** Skip the check for memory and disk. */
    force?: boolean;
    /**
     * Keep V8's object ids, so that the next snapshot can be compared by id.
     * Until then every scavenge is several times slower.
     */
    keepIds?: boolean;
    /** Numbers too (Node 18 and later). */
    exposeNumericValues?: boolean;
    /** How far a copy gives way to everything else, 0 to 19. Default: `LEAKWATCH_NICENESS`, else 19; 0 near the heap limit. */
    niceness?: number;
    /** How long a copy may take, in ms. Default 900,000. */
    timeout?: number;
    /** Memory a copy may allocate, in bytes; more ends the copy. Default: what the cgroup and the machine have free. */
    memoryLimit?: number;
    /** Gives up between two pieces of the file. */
    signal?: AbortSignal;
    onProgress?: (progress: SnapshotProgress) => void;
  }

  interface SnapshotResult {
    path: string;
    bytes: number;
    mode: 'fork' | 'inline';
    /** How long the isolate stood still, failed copies included. */
    pauseMs: number;
    totalMs: number;
    /** Copies of the process that it took, where the first came to nothing; 8 at most. */
    attempts?: number;
    /** With mode `'auto'`: why it was not taken in a copy, where one was tried. */
    fallback?: string;
  }

  interface CaptureOptions extends Pick<SnapshotOptions, 'mode' | 'force' | 'niceness' | 'timeout' | 'memoryLimit' | 'signal'> {
    /** Earlier captures, oldest first: what grew since is looked for while the heap's whole graph is at hand. */
    since?: Capture[];
    /** Suspects in `diff`. Default 20. */
    topSuspects?: number;
    /** Growth below which nothing is suspected. Default 4,096. */
    minGrowthBytes?: number;
    /** Look for source maps beside the scripts, or in them. Default true. */
    sourceMaps?: boolean;
  }

  /** What is left of a heap once it was analysed: plain data of this program, no text of its strings. */
  interface Capture {
    mode: 'fork' | 'inline';
    /** How long the isolate stood still, failed copies included. */
    pauseMs: number;
    totalMs: number;
    /** Nodes of the graph. */
    nodes: number;
    /** Bytes of all objects. */
    totalBytes: number;
    /** How many classes there are, listed or not. */
    classCount: number;
    /** The 1,000 that retain most. Read from `data` each time. */
    readonly classes: ClassRow[];
    /** With `since`: what grew from the first of those on. Read from `data` each time. */
    readonly diff: Diff | null;
    /** With mode `'auto'`: why it was not taken in a copy, where one was tried. */
    fallback?: string;
    /**
     * All of it, compressed: at most 512 KiB, 12 to 60 KB as a rule. Enough to be kept, sent and compared elsewhere. A copy,
     * made when it is read: the capture itself lies outside of V8's heap, so that the next one does not see it.
     */
    readonly data: Uint8Array;
  }

  /** A snapshot that no call waited for. */
  interface SnapshotEvent {
    path: string;
    bytes: number;
    mode: 'fork' | 'inline';
    /** The signal's name, `nearHeapLimit` or `leak`. */
    cause: string;
    pauseMs: number;
    /** How long after the signal it began. */
    waitedMs?: number;
    /** Nodes of the graph. */
    nodes?: number;
  }

  interface SignalOptions extends Omit<SnapshotOptions, 'signal' | 'onProgress'> {
    /** A directory or a template; relative ones are resolved now. Default: the working directory. */
    path?: string;
    /** Signals sooner than this after the last one served are ignored. Default 10,000. */
    cooldown?: number;
    /** Snapshots after which signals are ignored; 0 for no maximum. Default 10. */
    max?: number;
    /** Told of each snapshot of this isolate; without it, `Watch` is. */
    callback?: (error: Error | null, result: SnapshotEvent | null) => void;
  }

  /** Where something stands in a source; line and column from 1, as editors count. */
  interface Place {
    url: string;
    line: number;
    column: number;
  }

  interface FileInfo {
    path: string;
    [figure: string]: unknown;
  }

  /** One constructor, or one of V8's groups in parentheses. */
  interface ClassRow {
    name: string;
    count: number;
    /** Bytes of the objects themselves. */
    shallow: number;
    /** Bytes that would go with them: summed over top ancestors, so nested instances count once. */
    retained: number;
  }

  interface Summary {
    file: FileInfo;
    classCount: number;
    /** Largest retained first. */
    classes: ClassRow[];
    [more: string]: unknown;
  }

  /** One constructor in the first and the last snapshot. */
  interface ClassDelta {
    name: string;
    [figure: string]: unknown;
  }

  interface PathStep {
    /** How the step before holds this one; null for the first. */
    edge: string | null;
    node: string;
    type: string;
    location?: Place;
    [more: string]: unknown;
  }

  /** Something that grew, and how it is held. */
  interface Suspect {
    rank: number;
    name: string;
    /** `map`, `array`, `listeners`, `closure-chain`, `vm-context` and so on. */
    kind: string;
    countBefore: number;
    countAfter: number;
    growthBytes: number;
    /** Of the whole growth, 0 to 1. */
    share: number;
    /** From the root to where it piles up. */
    path: PathStep[];
    location?: Place;
    /** The same for the same leak in the next run: for suppress files. */
    fingerprint: string;
    /** The known leak it looks like, with advice and reference. */
    known?: Record<string, unknown>;
    /** One sentence for a person. */
    sentence: string;
    [more: string]: unknown;
  }

  interface Diff {
    files: FileInfo[];
    /** Whether object ids are common to the files. */
    sameProcess: boolean;
    growthBytes: number;
    /** Growth of V8's own that is left out of the suspects. */
    noiseBytes: number;
    classes: ClassDelta[];
    suspects: Suspect[];
    [more: string]: unknown;
  }

  interface AnalysisProgress {
    phase: 'parse' | 'dominators' | 'classes' | 'compare';
    /** Which of the files, from 0. */
    file: number;
    done: number;
    total: number;
  }

  interface SummarizeOptions {
    /** Classes in the result; 0 for all. Default 1,000. */
    topClasses?: number;
    signal?: AbortSignal;
    onProgress?: (progress: AnalysisProgress) => void;
  }

  interface DiffOptions extends SummarizeOptions {
    /** Suspects in the result. Default 20. */
    topSuspects?: number;
    /** Growth from the first to the last below which nothing is suspected. Default 4,096; a part of the heap where that did not grow in every step. */
    minGrowthBytes?: number;
    /** Look for source maps in the sources that ran, in the scripts' files, and beside them. Default true. */
    sourceMaps?: boolean;
    /** Files loaded at the same time; 0, the default, is up to two. */
    threads?: number;
    /** A suppress file: `{"suppress": [{"fingerprint", "reason", "expires": "YYYY-MM-DD"}]}`. */
    suppress?: string;
    /**
     * The version of Node that wrote the files, as in `process.version`: decides which known leaks they can have. Default:
     * what the last file says, which redacted ones do not.
     */
    nodeVersion?: string;
  }

  /** What {@link check} holds against its figures; defaults in parentheses. */
  interface CheckThresholds {
    /** Bytes per iteration that the lower end of the interval must exceed (4). */
    floorBytes?: number;
    /** Bytes the heap must have grown by in all (32 KiB). */
    minRise?: number;
    /** The same for external memory (64 KiB). */
    minRiseExternal?: number;
    /** vm contexts per iteration (0.05). */
    floorContexts?: number;
    /** vm contexts in all (4). */
    minContexts?: number;
    /**
     * Iterations in all rounds below which growth of bytes is `growing` and not `leaking` (500), for a cache may be
     * filling; as many again confirm it.
     */
    minIterations?: number;
  }

  interface CheckOptions {
    /** Iterations of the first round; each round after it has 2.5 times as many. Default: as the time allows, 2,000 at most. */
    iterations?: number;
    /** Exactly so many rounds, 5 at least. Default: until the verdict is clear, 5 as a rule. */
    rounds?: number;
    /** Iterations before the first round. Default: 120 ms of them, 6,000 at most. */
    warmUp?: number;
    /** When to begin no other round, in ms; twice that where a verdict is not possible sooner. Default 4,000. */
    timeMs?: number;
    thresholds?: CheckThresholds;
    /** On a leak, take two snapshots and name what holds it. Default true. */
    suspects?: boolean;
    /** Gives up, also while an asynchronous function is waited for. */
    signal?: AbortSignal;
  }

  /** One round: what grew from the settled state before it to the one after it. */
  interface CheckRound {
    iterations: number;
    /** Bytes, as the following two; negative where it fell. */
    heapUsed: number;
    external: number;
    arrayBuffers: number | null;
    /** A count. */
    nativeContexts: number | null;
    /** Of the iterations alone. */
    durationMs: number;
  }

  interface CheckResult {
    /** `growing`: it grows, and not as a leak does; the reason says how. */
    verdict: Verdict;
    leaking: boolean;
    /** The channel that decided. */
    channel: 'heap' | 'external' | 'contexts';
    /** Slope of bytes on iterations, of `heap` where contexts decided. */
    bytesPerIteration: number;
    /** Lower end of the 95 % interval of `bytesPerIteration`; -Infinity before the third round. */
    low: number;
    /** Upper end: a leak above this would have been seen. */
    high: number;
    contextsPerIteration: number | null;
    /** In all rounds, without warm-up. */
    iterations: number;
    rounds: CheckRound[];
    /** `flat`: nothing grew any more. `rounds`: the verdict was clear, or as many as were asked for. */
    stoppedBy: 'flat' | 'rounds' | 'time' | 'memory';
    durationMs: number;
    /** One sentence with the figures. */
    reason: string;
    /** On a leak, what holds it; see {@link diff}. */
    suspects: Suspect[];
    /** Why there are none, if suspects were asked for and none came. */
    suspectsMissing: string | null;
  }

  interface GuardOptions {
    /** Writes stay behind the guard and never reach the object. Default false. */
    isolate?: boolean;
    /** Guard what is reached through the object as well. Default true. */
    deep?: boolean;
    /** What findings call the object. Default: its name or class. */
    name?: string;
    /** Told once for each key of each object. Default: a process warning with code `LEAKWATCH_GUARD`. */
    onFinding?: (finding: GuardFinding) => void;
  }

  /** A key that was read and then replaced by something that can hold what was read. */
  interface GuardFinding {
    /** Like `console.error`. */
    path: string;
    key: string | symbol;
    /** Where it was first read; null where the stack does not say. */
    read: Place | null;
    /** Where it was replaced. */
    written: Place | null;
    readStack: string;
    writtenStack: string;
    /** Whether the write stayed behind the guard. */
    isolated: boolean;
    message: string;
  }

  /** Live objects of one constructor. */
  interface HistogramRow {
    name: string;
    count: number;
    /** Always null: V8 tells sizes in snapshots only; see {@link summarize}. */
    bytes: number | null;
  }

  interface Capability {
    /** Works natively here. */
    native: boolean;
    /** What is used instead; null if nothing is, or nothing need be. */
    fallback: string | null;
    /** Why it is not native. */
    why: string | null;
  }

  interface Capabilities {
    statistics: Capability;
    gcEvents: Capability;
    forcedGc: Capability;
    snapshot: Capability;
    signalWhileBusy: Capability;
    nearHeapLimit: Capability;
    histogram: Capability;
    fork: Capability;
    redact: Capability;
  }

  /**
   * Watching this isolate. Events are handed on about once a second, in order;
   * without a listener for `'error'`, errors become process warnings.
   */
  interface Watch extends EventEmitter {
    /** The options in force. */
    readonly options: StartOptions;
    /** The same as {@link leakwatch.stop}. */
    stop(): void;
    on(event: 'gc', listener: (gc: GcEvent) => void): this;
    on(event: 'baseline', listener: (baseline: Baseline) => void): this;
    /** Once for a leak, again only when it has got materially worse. */
    on(event: 'leak', listener: (leak: LeakEvent) => void): this;
    on(event: 'snapshot', listener: (snapshot: SnapshotEvent) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    once(event: 'gc', listener: (gc: GcEvent) => void): this;
    once(event: 'baseline', listener: (baseline: Baseline) => void): this;
    once(event: 'leak', listener: (leak: LeakEvent) => void): this;
    once(event: 'snapshot', listener: (snapshot: SnapshotEvent) => void): this;
    once(event: 'error', listener: (error: Error) => void): this;
  }

  /** The verdict; with `onLeak: 'capture'` what leaks as well. */
  interface LeakEvent extends Trend {
    /** Largest growth first. A leak that got worse within ten minutes comes with those of before. */
    suspects?: Suspect[];
    /** Why there are none, where none could be looked for. */
    suspectsMissing?: string;
  }

  /** Every error of leakwatch. */
  class LeakwatchError extends Error {
    /** Stable: `ERR_LEAKWATCH_INVALID_ARGUMENT`, `…_NO_DIRECTORY`, `…_NOT_WRITABLE`, `…_DISK_FULL`, `…_IO`,
     * `…_NOT_ENOUGH_MEMORY`, `…_NOT_ENOUGH_DISK`, `…_ABORTED`, `…_BUSY`, `…_LEAK`, `…_SNAPSHOT_FAILED`, `…_UNAVAILABLE`,
     * `…_CONTROL_UNSAFE` (the directory of a control socket is not private), and those of
     * {@link summarize}. */
    code: string;
    /** The path concerned, where there is one. */
    path?: string;
    /** Bytes needed, where something was too small. */
    needed?: number;
    /** Bytes there were. */
    available?: number;
    /** Of {@link assertNoLeak}. */
    result?: CheckResult;
    /** Of {@link assertNoLeak}. */
    suspects?: Suspect[];
  }

  /**
   * Begins to watch this isolate. Again, it returns the same `Watch`; options
   * given then replace the earlier ones. Never keeps the process alive.
   * @throws {LeakwatchError} `ERR_LEAKWATCH_INVALID_ARGUMENT`
   */
  function start(options?: StartOptions): Watch;

  /**
   * Removes every hook, and ends what copies of the process are at work on for this isolate: snapshots that no call asked for
   * come to nothing, {@link promises.writeSnapshot} and {@link promises.capture} reject with `ERR_LEAKWATCH_ABORTED`; no file is
   * left. What is captured inline goes on. The records stay until {@link reset}.
   */
  function stop(): void;

  /** A full GC, then the baseline. Needs no `--expose-gc`. */
  function tick(label?: string): Baseline;

  /** The verdict over the baselines so far. */
  function trend(options?: { thresholds?: Thresholds }): Trend;

  /** The records behind the verdict, oldest first. */
  function history(): { baselines: Baseline[]; gcs: GcEvent[] };

  /** Figures of this moment. */
  function stats(): Stats;

  /** A full GC; returns how long it took. */
  function gc(): number;

  /** Forgets all records. */
  function reset(): void;

  /**
   * Writes a heap snapshot at once: the isolate stands still meanwhile, about
   * 2.5 µs per node.
   *
   * `path` may be a file, a directory, or a template with `{pid}`, `{tid}`,
   * `{time}` and `{seq}`. The file has mode 0600 and appears under its name
   * only when it is whole. With a callback, errors go there and are not thrown.
   * @returns the file's path
   * @throws {LeakwatchError}
   */
  function writeSnapshot(path?: string | null, options?: SnapshotOptions): string;
  function writeSnapshot(
    path: string | null | undefined,
    options: SnapshotOptions | null | undefined,
    callback: (error: Error | null, path?: string) => void
  ): string | undefined;
  function writeSnapshot(
    path: string | null | undefined,
    callback: (error: Error | null, path?: string) => void
  ): string | undefined;
  function writeSnapshot(callback: (error: Error | null, path?: string) => void): string | undefined;

  /**
   * Writes a snapshot whenever the signal arrives, also in the middle of busy
   * JavaScript, in this isolate and every watched one. The app's own handlers
   * for it go on being called.
   * @param signal default `'SIGUSR2'`, which nodemon uses too: choose another there
   * @returns ends it
   */
  function snapshotOnSignal(signal?: NodeJS.Signals, options?: SignalOptions): () => void;

  /**
   * What a snapshot file (plain, gzip or zstd) holds, worked out off this thread. Needs about 1.4 times the file in memory.
   * A capture is there at once.
   * @throws {LeakwatchError} `ERR_LEAKWATCH_SNAPSHOT_TRUNCATED`, `…_CORRUPT`, `…_FOREIGN`, `…_IO`, `…_TOO_LARGE`
   */
  function summarize(path: string | Pick<Capture, 'data'>, options?: SummarizeOptions): Promise<Summary>;

  /**
   * What grew between snapshots, oldest first, and what holds it.
   *
   * Captures are compared by the shape of their dominator trees, and need no file. If the last was taken with
   * `{since}` of just the others, the result is its `diff`; else suspects are named from what each capture noted of its
   * largest shapes: those that hold less than a thousandth of the heap go unnamed. Of the options, `topClasses`,
   * `topSuspects` and `minGrowthBytes` are for captures too.
   * @throws {LeakwatchError} as {@link summarize}
   */
  function diff(paths: string[] | Array<Pick<Capture, 'data'>>, options?: DiffOptions): Promise<Diff>;

  /**
   * Whether a function leaks: it runs in rounds of growing length, with full GCs
   * and turns of the event loop after each. A promise it returns is awaited. What
   * grows with the iterations is a leak; it must grow on in a last round, when V8
   * was asked for all memory it can spare.
   *
   * A cache that is not full after all rounds looks like a leak to anyone: give it
   * a bound, or `warmUp` enough.
   * @throws {LeakwatchError} `ERR_LEAKWATCH_INVALID_ARGUMENT`, `…_ABORTED`, `…_BUSY` (one at a time); errors of the function as they are
   */
  function check(fn: () => unknown, options?: CheckOptions): Promise<CheckResult>;

  /**
   * As {@link check}, and rejects if it leaks.
   * @throws {LeakwatchError} `ERR_LEAKWATCH_LEAK` with `result` and `suspects`, and those of {@link check}
   */
  function assertNoLeak(fn: () => unknown, options?: CheckOptions): Promise<CheckResult>;

  /**
   * A proxy of an object that is shared into vm contexts, for development. It tells
   * of keys that are read and then replaced by a function or an object: each context
   * that wraps the one before adds a link to a chain that never ends.
   * @throws {LeakwatchError} `ERR_LEAKWATCH_INVALID_ARGUMENT`
   */
  function guard<T extends object>(object: T, options?: GuardOptions): T;

  /**
   * Live JavaScript objects by the name of their constructor, the most numerous first,
   * without a snapshot. Collects all garbage, code caches too, and stands still for
   * about 0.8 µs per node of the heap. Before it, V8 moves the content of small typed
   * arrays off its heap.
   * @throws {LeakwatchError} `ERR_LEAKWATCH_UNAVAILABLE`; see `capabilities().histogram`
   */
  function histogram(): HistogramRow[];

  /** What works natively here, what falls back, and why. */
  function capabilities(): Capabilities;

  const promises: {
    /**
     * As {@link tick}, after several passes with turns of the event loop
     * between, so that finalizers, WeakRefs and async_hooks are done.
     */
    tick(label?: string): Promise<Baseline>;
    /** As {@link writeSnapshot}; compressing and writing happen off this thread. */
    writeSnapshot(path?: string | null, options?: SnapshotOptions): Promise<SnapshotResult>;
    /**
     * Analyses the heap without a file: in a copy of the process (Linux), which stands still for the copying alone, else V8's
     * part here and the analysis on another thread. Needs about 500 bytes of memory per node meanwhile.
     * @throws {LeakwatchError} `ERR_LEAKWATCH_NOT_ENOUGH_MEMORY`, `…_FORK_FAILED`, `…_TIMED_OUT`, `…_ABORTED`,
     * `…_INVALID_ARGUMENT`, `…_SNAPSHOT_FOREIGN` (of `since`)
     */
    capture(options?: CaptureOptions): Promise<Capture>;
  };
}

export = leakwatch;
