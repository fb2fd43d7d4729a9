'use strict';
// Watching this isolate: an EventEmitter over what the addon records.

const EventEmitter = require('events');
const path = require('path');
const host = require('./host');
const fallback = require('./fallback');
const options = require('./options');
const { deliver } = require('./delivery');
const { judge, records } = require('./trend');
const { settledTick } = require('./baselines');
const { nativeOptions, writeSnapshotAsync } = require('./snapshot');
const { snapshotOnSignal } = require('./signal');
const copies = require('./copies');
const { unavailable } = require('./error');
const { resolved } = require('./working-directory');

const { native } = host;
/** How often records are handed on, in milliseconds: never one callback a GC. */
const POLL_MS = 1000;
const DEFAULT_WINDOW = 240;

/** How long a leak waits for its suspects, in milliseconds. */
const PATIENCE_MS = 5 * 60 * 1000;

/** The suspects, or that they are not there yet: a machine that is too busy to find them must hear of the leak all the same. */
function inTime(finding) {
  let timer = null;
  const late = new Promise((resolve) => {
    const suspectsMissing = `they were not found within ${PATIENCE_MS / 60000} minutes`;
    timer = host.timers.setTimeout(() => resolve({ suspects: [], suspectsMissing }), PATIENCE_MS);
    timer.unref();
  });
  return Promise.race([finding, late]).finally(() => host.timers.clearTimeout(timer));
}

/** Whether Node listens for the heap limit as well: in a worker, or for snapshots of its own. */
function nodeWantsToKnow() {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS || ''];
  return host.threadId !== 0 || flags.some((flag) => flag.includes('--heapsnapshot-near-heap-limit'));
}

class Watch extends EventEmitter {
  constructor() {
    super();
    this.options = {};
    this._endings = [];
    /** How often it was asked for. */
    this._starts = 0;
    this._nextGc = 0;
    this._nextBaseline = 0;
    this._untold = [];
    this._isJudgeDue = false;
    this._ticking = false;
    this._evidence = null;
    // The leak that is told as soon as its suspects are found.
    this._leak = null;
    this._snapshotDir = undefined;
  }

  /** Stops watching; the same as `leakwatch.stop()`. */
  stop() {
    stop();
  }

  /** All or nothing: what cannot be begun leaves things as they were. */
  _begin(checked) {
    const before = native.isWatching() ? this.options : null;
    this._end();
    try {
      this._install(checked);
    } catch (error) {
      this._end();
      if (before) this._install(before);
      else native.unwatch();
      throw error;
    }
  }

  _install(checked) {
    this.options = checked;
    // The process may move on.
    this._snapshotDir = checked.snapshotDir && resolved(checked.snapshotDir);
    const natural = !checked.forceGcEvery;
    const counts = native.counts();
    this._nextGc = counts.gcs;
    this._nextBaseline = counts.baselines;
    this._untold = [];
    const hooked = native.watch(
      natural && host.isNative('gcEvents'),
      checked.window || DEFAULT_WINDOW,
      checked.thresholds || {}
    );
    if (!hooked || !host.isNative('gcEvents')) this._observe(natural);
    this._every(POLL_MS, () => this._poll());
    if (checked.forceGcEvery) this._every(checked.forceGcEvery, () => this._forcedTick());
    this._endings.push(deliver.add((error, result) => this._snapshot(error, result)));
    deliver.enable();
    if (host.isNative('signalWhileBusy')) native.reach();
    if (checked.snapshotSignal) {
      const target = checked.snapshotDir && { path: this._snapshotDir + path.sep };
      this._endings.push(snapshotOnSignal(checked.snapshotSignal, target));
    }
    if (checked.nearHeapLimit) this._guardHeapLimit();
    if (checked.onLeak === 'capture') this._gatherEvidence();
    if (!checked.snapshotSignal) this._cleanUp();
    if (checked.control) {
      this._endings.push(require('./control').hold(checked.control, (error) => this._error(error)));
    }
  }

  _end() {
    for (const ending of this._endings.splice(0)) ending();
  }

  _every(ms, run) {
    const timer = host.timers.setInterval(() => {
      // A failing poll must neither end the process nor the watching.
      try {
        run();
      } catch (error) {
        this._error(error);
      }
    }, ms);
    timer.unref();
    this._endings.push(() => host.timers.clearInterval(timer));
  }

  /** Without native hooks: Node's observer tells of GCs after the fact. */
  _observe(natural) {
    this._endings.push(
      fallback.observeGcs((kind, start, duration, flags) => {
        const name = native.pushGc(kind, start, duration, flags);
        if (natural && name === 'major' && !(flags & fallback.FORCED)) {
          native.pushBaseline(fallback.baseline(undefined, duration, false));
        }
      })
    );
  }

  _guardHeapLimit() {
    if (!host.isNative('nearHeapLimit')) {
      this._error(unavailable('nearHeapLimit', host.capabilities.get('nearHeapLimit').why));
      return;
    }
    const target = this._directory();
    // The process is about to end: there is nobody to give way to.
    native.guardHeapLimit(nativeOptions(target, { niceness: 0 }), nodeWantsToKnow());
    this._endings.push(() => native.disarmHeapLimit());
  }

  _directory() {
    return resolved(this._snapshotDir) + path.sep;
  }

  /** What processes that died left where snapshots of this one will go. */
  _cleanUp() {
    let directory;
    try {
      directory = this._directory();
    } catch (_) {
      // Whoever writes there says that it is gone.
      return;
    }
    require('./storage').cleanUp(directory);
  }

  _forcedTick() {
    if (this._ticking) return;
    this._ticking = true;
    const done = () => {
      this._ticking = false;
    };
    // Who asked for baselines this often hears of them as often.
    const tell = () => {
      done();
      if (native.isWatching()) this._tell();
    };
    settledTick().then(tell, (error) => {
      done();
      this._error(error);
    });
  }

  /** Hands on what there is before things change. */
  _tell() {
    try {
      this._poll();
    } catch (error) {
      this._error(error);
    }
  }

  /** Hands on what has been recorded since the last time. A listener may stop the watching, or begin it anew, in the middle. */
  _poll() {
    deliver.drain();
    this._collect();
    const failure = this._emitUntold();
    if (this._isJudgeDue) {
      this._isJudgeDue = false;
      this._judge();
    }
    if (failure) throw failure.error;
  }

  /** The first error of a listener, which costs nobody the next record: what is not told now would pile up. */
  _emitUntold() {
    let failure = null;
    while (this._untold.length > 0) {
      const [name, record] = this._untold.shift();
      if (name === 'baseline') this._isJudgeDue = true;
      try {
        this.emit(name, record);
      } catch (error) {
        failure = failure || { error };
      }
    }
    return failure;
  }

  /** Each record is taken once, before anybody hears of it. */
  _collect() {
    const wantsGcs = this.listenerCount('gc') > 0;
    if (!wantsGcs && native.baselineCount() <= this._nextBaseline) return;
    const { gcs, baselines } = records(wantsGcs ? this._nextGc : Number.MAX_SAFE_INTEGER, this._nextBaseline);
    for (const gc of gcs) {
      this._nextGc = gc.seq + 1;
      this._untold.push(['gc', gc]);
    }
    for (const baseline of baselines) {
      this._nextBaseline = baseline.index + 1;
      this._untold.push(['baseline', baseline]);
    }
  }

  _judge() {
    const { trend, alarm } = judge(this.options.thresholds, true);
    if (alarm && this._evidence) this._tellWithSuspects(trend);
    else if (alarm) this.emit('leak', trend);
    if (this._evidence) this._evidence.observe(native.baselineCount(), trend);
  }

  _gatherEvidence() {
    const { ENDED, OnLeak } = require('./evidence/on-leak');
    const evidence = new OnLeak({ failed: (error) => this._error(error) });
    this._evidence = evidence;
    const end = () => {
      this._evidence = null;
      evidence.end();
      this._tellLeak({ suspects: [], suspectsMissing: ENDED });
    };
    // process.exit() leaves no time for suspects.
    process.once('exit', end);
    this._endings.push(() => {
      process.removeListener('exit', end);
      end();
    });
  }

  /** The leak, once it is known what leaks, or that this cannot be known. One that gets worse meanwhile is told once. */
  async _tellWithSuspects(trend) {
    const evidence = this._evidence;
    const isBeingTold = this._leak !== null;
    this._leak = trend;
    if (isBeingTold) return;
    let found = { suspects: [], suspectsMissing: 'looking for them failed' };
    try {
      found = await inTime(evidence.suspects(native.baselineCount()));
    } finally {
      // A listener for errors that throws must not cost this leak, and all after it. The end of the watching has told it.
      if (this._evidence === evidence) this._tellLeak(found);
    }
    if (this._evidence === evidence && this.options.snapshotDir && evidence.isSnapshotDue()) this._writeSnapshot();
  }

  _tellLeak(found) {
    if (this._leak === null) return;
    const leak = { ...this._leak, ...found };
    this._leak = null;
    // A listener that throws is no reason to write no snapshot.
    try {
      this.emit('leak', leak);
    } catch (error) {
      this._error(error);
    }
  }

  _writeSnapshot() {
    const started = writeSnapshotAsync(this._directory());
    started.then(
      (result) => this._snapshot(null, { ...result, cause: 'leak' }),
      (error) => {
        // Given up together with the watching.
        if (error.code !== 'ERR_LEAKWATCH_ABORTED') this._error(error);
      }
    );
  }

  _snapshot(error, result) {
    if (error) {
      this._error(error);
      return;
    }
    this.emit('snapshot', result);
    const { keepSnapshots: keep, keepSnapshotBytes: bytes } = this.options;
    if (keep || bytes) require('./storage').retain(this._directory(), { keep, bytes, newest: result.path });
  }

  /** 'error' without a listener would end the process, which is not ours. */
  _error(error) {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else process.emitWarning(error.message, 'LeakwatchWarning', error.code);
  }
}

// One Watch for this isolate, however often this file is loaded into a realm.
const KEY = host.keyOf('watch');

function theWatch() {
  if (!process[KEY]) {
    Object.defineProperty(process, KEY, { value: new Watch(), configurable: true });
  }
  return process[KEY];
}

function start(given) {
  const checked = options.start(given);
  const watch = theWatch();
  watch._starts += 1;
  if (native.isWatching()) {
    if (given === undefined) return watch;
    watch._tell();
  }
  watch._begin(checked);
  return watch;
}

function stop() {
  const watch = theWatch();
  if (native.isWatching()) watch._tell();
  watch._end();
  copies.endAll();
  native.unwatch();
  fallback.endIds();
}

module.exports = { start, stop };
