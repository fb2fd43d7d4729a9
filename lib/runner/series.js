'use strict';
// The test files that one isolate ran: a baseline before each, and whether the
// environments of those before it are gone. Lives in the realm the runner lives
// in, since the files' own realms end with them.

const path = require('path');
const host = require('../host');
const { tick } = require('../baselines');
const { trend } = require('../trend');
const { Cost } = require('./cost');
const runDirectory = require('./run-directory');
const { LATER_FILES, MIN_RISE, RISE_FACTOR } = require('./limits');
const { LeakwatchTestFile, labelOf } = require('./labels');

/**
 * Runners keep results and transformed code of each file, which is no leak of
 * the tests; a leaked environment is megabytes.
 */
const THRESHOLDS = { floorBytes: 512e3, minRise: MIN_RISE, creepRise: 256e6 };
/** From this many baselines on there may be a trend. */
const TREND_FROM = 6;
/** Baselines in all that a verdict can be had from, where there is something to judge. */
const NEEDED = 10;
/** A run of so many files in a worker can have a trend. */
const MANY_FILES = 12;
/** Baselines in a row that must show a rise before a snapshot is taken of it. */
const LASTING = 3;
/**
 * At the end, pauses for environments that only wait for a turn or a short timer: in ms, before each look. Together they are longer
 * than the second for which http keeps the date, in a timer that keeps the async context it was made in.
 */
const PAUSES = [0, 60, 300, 700];
const LONGEST_PAUSE_MS = Math.max(...PAUSES);
/** A pause that every run can afford. */
const SHORT_PAUSE_MS = 60;
/** What ended so shortly before the end of a run may well be held by such a timer… */
const YOUNG_MS = 1200;
/** …and with no more than this share of all files there is no more to it than that, as a rule. */
const FEW = 0.05;
/** A file that stays this long after its end has no short timer to wait for. */
const SETTLED_MS = 3000;
/** What V8 needs to build a snapshot's graph: measured 45–50 ms for each MB in use. */
const CAPTURE_MS_PER_BYTE = 50e-6;
/** A single environment may be the runner's own; looking into it must be cheap. */
const FREE_CAPTURE_MS = 3000;

/** Before Node 14.6 nobody can tell whether an environment is gone. */
// eslint-disable-next-line n/no-unsupported-features/es-builtins, n/no-unsupported-features/es-syntax
const WATCHES_ENVIRONMENTS = typeof globalThis.WeakRef === 'function';

class Series {
  /**
   * `runner`: its name. `folder`: the run's, if there is a reporter. `worker`: its number or null.
   */
  constructor({ runner, folder, worker }) {
    this.folder = folder;
    this.plan = folder ? runDirectory.readPlan(folder) : {};
    this.write = folder ? runDirectory.writer(folder, host.threadId) : () => {};
    this.files = [];
    this.cost = new Cost();
    this.known = undefined;
    this.skipped = 0;
    this.captures = 0;
    this.ended = false;
    this.first = null;
    this.head = { type: 'start', runner, worker, pid: process.pid, thread: host.threadId, node: process.version, time: Date.now() };
    this.write(this.head);
  }

  /** The share of the run that baselines may take; 0 is no limit. */
  get costLimit() {
    if (this.plan.costLimit !== undefined) return this.plan.costLimit;
    return Number(process.env.LEAKWATCH_COST_LIMIT) || 0;
  }

  /** Whether a baseline is due now: one that stays within the limit, with the one at the end, or that a verdict needs. */
  due() {
    const limit = this.costLimit;
    if (limit === 0) return true;
    if (this.files.length === 0 && this.manyFollow()) return false;
    return this.needed() || this.cost.allows(limit);
  }

  /** What there is to begin with, and after what the runner loads once; what rises from there on is paid for by the leak. */
  needed() {
    const n = this.files.length;
    const measured = this.measured();
    if (measured.length === 0 || (n === 1 && this.expected() >= MANY_FILES)) return true;
    const last = measured[measured.length - 1];
    return last.baseline.heapUsed > this.risen(measured) && n - last.n >= Math.ceil(this.expected() / NEEDED);
  }

  /** Where many files follow, the first baseline is the one after what the runner loads once, for the first of them. */
  manyFollow() {
    const { workers } = this.plan;
    // A worker begun anew, because of its memory perhaps, may have a single file.
    return Boolean(workers) && this.expected() >= MANY_FILES && runDirectory.begun.count(this.folder) <= workers;
  }

  measured() {
    return this.files.filter(({ baseline }) => baseline);
  }

  /** What the heap must exceed to have risen: by far what was held before the second file, or the first that was measured. */
  risen(measured) {
    const from = measured.length > 1 && measured[0].n === 0 ? measured[1] : measured[0];
    const { heapUsed } = from.baseline;
    return Math.max(heapUsed * RISE_FACTOR, heapUsed + MIN_RISE);
  }

  /** Before a test file: its number. `environment` is its realm, where it has one of its own. */
  begin(environment, name) {
    const n = this.files.length;
    const baseline = this.due() ? this.measure() : null;
    if (!baseline) this.skipped += 1;
    const file = { n, path: name || null, time: Date.now(), baseline, alive: false };
    if (environment && WATCHES_ENVIRONMENTS) {
      file.mark = new LeakwatchTestFile(labelOf(n), environment);
      file.alive = true;
    }
    const alive = baseline ? this.alive() : undefined;
    this.files.push(file);
    this.ended = false;
    this.write({ type: 'file', n, path: file.path, baseline, alive, time: Date.now(), spentMs: this.cost.spentMs, trend: this.trend() });
    if (baseline) this.captureIfLeaking('third', alive);
    return n;
  }

  /** Once the runner has told where a file is. */
  name(n, file) {
    if (this.files[n].path === file) return;
    this.files[n].path = file;
    const { baseline } = this.files[n];
    if (baseline) host.native.relabel(baseline.index, file);
    this.write({ type: 'path', n, path: file });
  }

  /** Whether this environment is the one of the last file begun. */
  isCurrent(environment) {
    const last = this.files[this.files.length - 1];
    return Boolean(last && last.mark && last.mark.environment.deref() === environment);
  }

  /** After a test file, where the runner says so: what it holds before the next one begins. */
  done(n) {
    const baseline = this.files.length === 1 || (this.files.length === n + 1 && this.due()) ? this.measure() : null;
    this.files[n].after = baseline;
    const { spentMs, elapsedMs } = this.cost;
    this.write({ type: 'done', n, baseline, time: Date.now(), spentMs, elapsedMs, trend: this.trend() });
    return baseline;
  }

  measure() {
    const baseline = this.cost.spend(tick);
    this.known = undefined;
    if (this.first === null) this.first = baseline.index;
    return baseline;
  }

  /** Numbers of the files whose environments are still there. */
  alive() {
    if (!WATCHES_ENVIRONMENTS) return undefined;
    const out = [];
    for (const file of this.files) {
      if (!file.alive) continue;
      if (file.mark.environment.deref() === undefined) file.alive = false;
      else out.push(file.n);
    }
    return out;
  }

  trend() {
    if (this.files.length < TREND_FROM) return undefined;
    // Nothing new since it was last asked for.
    if (this.known) return this.known;
    const { verdict, channel, reason, bytesPerTick, low, high } = trend({ thresholds: THRESHOLDS });
    this.known = { verdict, channel, reason, bytesPerTick, low, high };
    return this.known;
  }

  /** Files alive that have had time to go. */
  overdue(alive) {
    const before = Date.now() - SETTLED_MS;
    return (alive || []).filter((n) => n < this.files.length - LATER_FILES && this.files[n + 1].time < before);
  }

  /** Of those, the ones that were overdue when last looked at: on a busy machine many a timer fires late. */
  lasting(alive) {
    const overdue = this.overdue(alive);
    const lasting = overdue.filter((n) => this.files[n].overdue);
    for (const n of overdue) this.files[n].overdue = true;
    return lasting;
  }

  expected() {
    const { total, workers } = this.plan;
    return total ? Math.ceil(total / (workers || 1)) : 24;
  }

  captureIfLeaking(when, alive) {
    if (!this.folder || this.plan.capture === false) return;
    if (when === 'third') {
      if (this.captures > 0 || this.files.length < this.expected() / 3) return;
      if (this.lasting(alive).length < 2 && !this.grows()) return;
    } else {
      const verdict = this.trend();
      const leaking = verdict !== undefined && verdict.verdict === 'leaking';
      if (alive.length === 0 && !leaking) return;
      const estimate = process.memoryUsage().heapUsed * CAPTURE_MS_PER_BYTE;
      const limit = Math.max(FREE_CAPTURE_MS, this.costLimit * this.cost.elapsedMs);
      if (!leaking && this.areFewAndYoung(alive) && !this.affords(LONGEST_PAUSE_MS)) return;
      if (alive.length < 2 && this.overdue(alive).length === 0 && !leaking && estimate > limit) return;
    }
    this.capture(when, alive);
  }

  /** Whether the heap has risen by enough to be worth a snapshot, where the time for one is there. */
  grows() {
    const measured = this.measured();
    if (measured.length < 2 + LASTING) return false;
    // One that is high holds files whose timers are late, on a busy machine several.
    const rises = Math.min(...measured.slice(-LASTING).map(({ baseline }) => baseline.heapUsed)) > this.risen(measured);
    const estimate = process.memoryUsage().heapUsed * CAPTURE_MS_PER_BYTE;
    return rises && (this.costLimit === 0 || this.cost.spentMs + estimate <= this.costLimit * this.cost.elapsedMs);
  }

  capture(when, alive) {
    const file = path.join(this.folder, `${process.pid}-${host.threadId}-${this.captures++}.heapsnapshot`);
    const record = { type: 'capture', when, n: this.files.length, alive, file, heapBefore: process.memoryUsage().heapUsed };
    record.ms = this.cost.exempt(() => {
      try {
        const { writeSnapshot } = require('../snapshot');
        require('../whole-sources').withWholeSources(() => writeSnapshot(file));
      } catch (error) {
        record.file = null;
        record.error = error.message;
      }
    });
    // A snapshot has V8 empty its caches first: what goes with them was never the program's.
    record.heapAfter = process.memoryUsage().heapUsed;
    record.gone = alive && alive.filter((n) => this.files[n].mark.environment.deref() === undefined);
    this.write(record);
  }

  /**
   * A test file is through: whether this worker may be given no other any more. Nobody tells it so, and of those that are through at
   * the same moment the others may get what is left.
   */
  mayBeLast() {
    const { total, workers = 1 } = this.plan;
    if (!this.folder || !total) return false;
    runDirectory.over.add(this.folder);
    const begun = runDirectory.begun.count(this.folder);
    const busy = begun - runDirectory.over.count(this.folder);
    // A file whose result never came, of a worker that died, counts as busy: this one is not, at any rate.
    const free = Math.max(workers - busy, 1);
    return total - begun < free;
  }

  /** Whether a clean run of this length can wait so long for nothing. */
  affords(ms) {
    return this.costLimit === 0 || ms <= Math.max(SHORT_PAUSE_MS, this.costLimit * this.cost.elapsedMs);
  }

  /** Whether these files have all but ended just now, and are few of many. */
  areFewAndYoung(alive) {
    const since = Date.now() - YOUNG_MS;
    const isYoung = (n) => n + 1 === this.files.length || this.files[n + 1].time > since;
    return alive.length <= FEW * this.files.length && alive.every(isYoung);
  }

  /** Whether to look once more, after one more pause. */
  waits(pause, alive) {
    if (pause === undefined || alive.length === this.overdue(alive).length) return false;
    return this.affords(pause) || !this.areFewAndYoung(alive);
  }

  /** The end, when turns of the event loop can be waited for. */
  async finish() {
    if (this.ended || this.files.length === 0) return;
    this.ended = true;
    const count = this.files.length;
    const pause = (ms) => new Promise((resolve) => host.timers.setTimeout(resolve, ms));
    for (let pass = 0; ; pass++) {
      await pause(PAUSES[pass]);
      // Another file has begun meanwhile: this is not the end after all.
      if (this.files.length !== count) return;
      const baseline = this.measure();
      const alive = this.alive() || [];
      if (this.waits(PAUSES[pass + 1], alive)) continue;
      this.close(baseline, alive);
      // What was just looked at is held until this turn is over.
      await pause(0);
      this.captureIfLeaking('end', alive);
      return;
    }
  }

  /** The end, for one that was told of it when it had taken itself to be going on. */
  finishAtOnce() {
    if (this.ended || this.files.length === 0) return;
    this.finishNow();
    const alive = this.last.alive || [];
    if (alive.length > 1 || this.overdue(alive).length > 0) this.captureIfLeaking('end', alive);
  }

  /** The end, when there is no event loop any more. */
  finishNow() {
    if (this.ended || this.files.length === 0) return;
    this.ended = true;
    const baseline = this.measure();
    this.close(baseline, this.alive());
  }

  close(baseline, alive) {
    const { spentMs, elapsedMs } = this.cost;
    this.last = { type: 'end', baseline, alive, time: Date.now(), spentMs, elapsedMs, trend: this.trend() };
    this.write(this.last);
  }

  /** The same records that a reporter reads. */
  records() {
    const out = [this.head];
    for (const { n, path: name, baseline, time } of this.files) out.push({ type: 'file', n, path: name, baseline, time });
    if (this.last) out.push(this.last);
    return out;
  }
}

module.exports = { Series };
