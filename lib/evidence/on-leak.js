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
/** After a leak was told, a worse one gets new suspects this much later at the earliest, in ms. */
const COOLDOWN_MS = 10 * 60 * 1000;

const NONE_BEFORE = 'there was no earlier capture to compare with';

function now() {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1e3 + nanos / 1e6;
}

class OnLeak {
  /** `failed(error)` hears of captures that came to nothing; the others are given by tests. */
  constructor({ failed, take = capture, clock = now, kept = host.isNative('fork') ? KEPT : KEPT_INLINE }) {
    this._failed = failed;
    this._take = take;
    this._clock = clock;
    this._kept = kept;
    this._captures = [];
    this._next = FIRST;
    this._seen = 0;
    this._restUntil = -Infinity;
    this._toldAt = -Infinity;
    this._told = null;
    this._underWay = null;
    this._signal = endSignal();
  }

  /** After new baselines: how many so far, and the verdict over them. Begins a capture if it is time for one. */
  observe(baselines, { verdict }) {
    // The records were reset.
    if (baselines < this._seen) this._next = FIRST;
    this._seen = baselines;
    const isTime = baselines >= this._next && !this._underWay && this._clock() >= this._restUntil;
    if (!isTime || !this._isWanted(verdict)) return;
    this._next = baselines * 2;
    this._takeEarly();
  }

  /** What stays level needs no further evidence; without a copy one capture is enough until something grows. */
  _isWanted(verdict) {
    if (verdict === 'steady') return false;
    return this._kept > KEPT_INLINE || this._captures.length === 0;
  }

  /** At a leak: `{suspects}`, and `suspectsMissing` with the reason where none could be found. */
  async suspects() {
    if (this._told && this._clock() - this._toldAt < COOLDOWN_MS) return this._told;
    // One that is under way is one to compare with.
    if (this._underWay) await this._underWay;
    const since = this._captures.slice();
    if (since.length === 0) {
      // For when it gets worse.
      this._takeEarly();
      return { suspects: [], suspectsMissing: NONE_BEFORE };
    }
    const taken = await this._run(since, true);
    if (!taken) return { suspects: [], suspectsMissing: this._why };
    this._keep(taken);
    this._toldAt = this._clock();
    this._told = { suspects: taken.diff.suspects };
    return this._told;
  }

  async _takeEarly() {
    const taken = await this._run([], false);
    if (taken) this._keep(taken);
  }

  /** `held`: the event loop does not end before it is there. Null where it came to nothing. */
  _run(since, held) {
    const run = async () => {
      try {
        const taken = await this._take({ since, signal: this._signal }, held);
        this._restUntil = this._clock() + REST * taken.totalMs;
        return taken;
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

  _keep({ data }) {
    this._captures.push({ data });
    if (this._captures.length > this._kept) this._captures.shift();
  }

  /** Gives up what is under way. */
  end() {
    this._captures = [];
    this._signal.end();
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

module.exports = { COOLDOWN_MS, FIRST, NONE_BEFORE, OnLeak };
