'use strict';
// start({onLeak: 'capture'}): captures while a verdict builds up, so that at a
// leak there is something to compare with, and suspects with the verdict.

const host = require('../host');
const { capture } = require('../capture');

/** Baselines after which the first capture is taken; each next one after twice as many. */
const FIRST = 4;
/** Captures that are kept for the comparison. */
const KEPT = 2;
/** Without a copy each capture stops the isolate: one early, and one at the verdict. */
const KEPT_INLINE = 1;
/** A capture is followed by another one after this many times its own duration at the earliest: a tenth of a processor. */
const REST = 10;
/** Baselines between a capture and the one that is compared with it, at least: what grows must have had time for it. */
const APART = 2;
/** How long that is waited for at a leak, in ms. It is a quick one if there was no earlier capture. */
const PATIENCE_MS = 3000;
/**
 * How far the copy gives way at a leak, unless LEAKWATCH_NICENESS says it: somebody waits for this one, and at 19 it gets next to
 * no turns on a machine that is busy.
 */
const NICENESS_AT_LEAK = 5;
/** After a leak was told, a worse one gets new suspects, and a new snapshot, this much later at the earliest, in ms. */
const COOLDOWN_MS = 10 * 60 * 1000;

const ENDED = 'the watching ended before';

function now() {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1e3 + nanos / 1e6;
}

class OnLeak {
  /** `failed(error)` hears of captures that came to nothing; the others are given by tests. */
  constructor({
    failed,
    take = capture,
    clock = now,
    kept = host.isNative('fork') ? KEPT : KEPT_INLINE,
    timers = host.timers,
  }) {
    this._failed = failed;
    this._take = take;
    this._clock = clock;
    this._kept = kept;
    this._timers = timers;
    this._captures = [];
    this._next = FIRST;
    this._seen = 0;
    this._restUntil = -Infinity;
    this._toldAt = -Infinity;
    this._writtenAt = -Infinity;
    this._told = null;
    this._telling = null;
    this._underWay = null;
    this._awaiting = () => {};
    this._signal = endSignal();
  }

  /** After new baselines: how many so far, and the verdict over them. Begins a capture if it is time for one. */
  observe(baselines, { verdict }) {
    // The records were reset.
    if (baselines < this._seen) this._next = FIRST;
    this._seen = baselines;
    this._awaiting();
    const isTime = baselines >= this._next && !this._underWay && !this._telling && this._clock() >= this._restUntil;
    if (!isTime || !this._isWanted(verdict)) return;
    this._next = baselines * 2;
    this._takeEarly(false);
  }

  /** What stays level needs no further evidence; without a copy one capture is enough until something grows. */
  _isWanted(verdict) {
    if (verdict === 'steady') return false;
    return this._kept > KEPT_INLINE || this._captures.length === 0;
  }

  /** At a leak, after so many baselines: `{suspects}`, and `suspectsMissing` with the reason where none could be found. */
  suspects(baselines) {
    this._seen = baselines;
    if (this._told && this._clock() - this._toldAt < COOLDOWN_MS) return Promise.resolve(this._told);
    if (!this._telling) {
      // Whoever hears of a failure may throw.
      this._telling = this._find().finally(() => {
        this._telling = null;
      });
    }
    return this._telling;
  }

  async _find() {
    // One that is under way is one to compare with.
    if (this._underWay) await this._underWay;
    if (this._captures.length === 0) await this._takeEarly(true);
    if (this._captures.length === 0) return this._missing();
    await this._baselines(this._captures[0].at + APART);
    const since = this._captures.filter(({ at }, index) => index === 0 || at + APART <= this._seen);
    const taken = since.length > 0 ? await this._run(since.map((early) => early.taken), true) : null;
    if (!taken) return this._missing();
    this._keep(taken);
    this._toldAt = this._clock();
    this._told = { suspects: taken.suspects };
    return this._told;
  }

  /** Whether a snapshot is to be written with this leak: one in the time in which suspects stay the same. */
  isSnapshotDue() {
    if (this._clock() - this._writtenAt < COOLDOWN_MS) return false;
    this._writtenAt = this._clock();
    return true;
  }

  _missing() {
    return { suspects: [], suspectsMissing: this._signal.aborted ? ENDED : this._why };
  }

  /** Until there are so many baselines, or it took too long, or the watching ended. */
  _baselines(count) {
    return new Promise((resolve) => {
      let timer = null;
      const done = () => {
        this._awaiting = () => {};
        this._timers.clearTimeout(timer);
        resolve();
      };
      this._awaiting = () => {
        if (this._seen >= count || this._signal.aborted) done();
      };
      timer = this._timers.setTimeout(done, PATIENCE_MS);
      this._awaiting();
    });
  }

  async _takeEarly(held) {
    const taken = await this._run([], held);
    if (taken) this._keep(taken);
  }

  /** `held`: the event loop does not end before it is there. Null where it came to nothing. */
  _run(since, held) {
    const run = async () => {
      const at = this._seen;
      try {
        const niceness = held && !process.env.LEAKWATCH_NICENESS ? NICENESS_AT_LEAK : undefined;
        const taken = await this._take({ since, signal: this._signal, niceness }, held);
        this._restUntil = this._clock() + REST * taken.totalMs;
        return { capture: taken, suspects: since.length > 0 ? taken.diff.suspects : [], at };
      } catch (error) {
        this._why = error.message;
        if (!this._signal.aborted) this._failed(error);
        return null;
      } finally {
        this._underWay = null;
      }
    };
    this._underWay = run();
    return this._underWay;
  }

  _keep({ capture: taken, at }) {
    this._captures.push({ taken, at });
    if (this._captures.length > this._kept) this._captures.shift();
  }

  /** Gives up what is under way. */
  end() {
    this._captures = [];
    this._signal.end();
    this._awaiting();
  }
}

/** As much of an AbortSignal as captures need, for Node before 15. */
function endSignal() {
  const listeners = new Set();
  return {
    aborted: false,
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
    end() {
      this.aborted = true;
      listeners.forEach((listener) => listener());
    },
  };
}

module.exports = { APART, COOLDOWN_MS, ENDED, FIRST, OnLeak };
