'use strict';
// Runs the function in rounds of growing length with a settled state after each.

const { performance } = require('perf_hooks');
const { aborted } = require('../error');
const { Room } = require('./room');
const { MIN_ROUNDS, isFlat } = require('./statistics');
const { backlog, settle, turn } = require('./settle');

// Test runners replace the clock of the globals.
const now = performance.now.bind(performance);

/** How long a function that returns at once may keep the event loop waiting. */
const SLICE_MS = 10;
/** Calls between two looks at the clock, at most. */
const MAX_STRIDE = 64;
/** Warm-up: lazy initialisation, feedback, the first compilations. */
const WARM_UP_MS = 120;
const WARM_UP_ITERATIONS = 6000;
const MIN_WARM_UP = 2;
/** The first round of a fast function; with five rounds 129,000 iterations in all. */
const FIRST_ROUND = 2000;
/** From how many times the planned length on it is planned again. */
const MUCH_LARGER = 4;
/** A verdict after fewer iterations waits for a round more, while there is time. */
const ENOUGH_ITERATIONS = 20000;
/** Contexts are counted, and a cache of them is small. */
const ENOUGH_CONTEXTS = 50;
const MAX_ROUNDS = 12;
/** After so many rounds a first snapshot is taken of what seems to grow. */
const EARLY_ROUNDS = 3;
/** More than two, so that a table that doubles does so in every round. */
const GROWTH = 2.5;
/** What may leak on our account: a share of the memory left, bytes at most; a heap is dearer to collect than buffers. */
const GROWTH_SHARE = 0.2;
const MAX_HEAP_GROWTH = 16 << 20;
const MAX_GROWTH = 64 << 20;
/** Share of the time for all rounds; the rest is for the one that confirms. */
const ROUNDS_TIME = 0.6;
/** A busy machine may take longer, rather than that there be no verdict. */
const VERDICT_TIME = 2;
/** Share of the time that five rounds may take, so that a sixth and the GCs fit in. */
const ROUNDS_SHARE = 0.2;

class Run {
  /** `evidence`: takes the snapshots; null if none are wanted. */
  constructor(fn, options, evidence) {
    this.fn = fn;
    this.evidence = evidence;
    this.options = options;
    this.start = now();
    this.rest = backlog();
    this.iterations = 0;
    this.rounds = [];
    this.msPerIteration = 0;
    this.heapPerIteration = 0;
    this.externalPerIteration = 0;
    this.state = null;
    this.room = new Room();
  }

  elapsed() {
    return now() - this.start;
  }

  checkAbort() {
    const { signal } = this.options;
    if (signal && signal.aborted) throw aborted();
  }

  /** Runs until `count` iterations are done, `until` milliseconds have gone by or more than `bound` bytes are in use; how many it were. */
  async repeat(count, until = Infinity, bound = this.room.ceiling) {
    const from = now();
    let sliceEnd = from + SLICE_MS;
    let done = 0;
    let asked = from;
    let stride = 1;
    let next = 1;
    while (done < count) {
      const result = this.fn();
      done += 1;
      if (result !== null && typeof result === 'object' && typeof result.then === 'function') await result;
      if (done < next) continue;
      const at = now();
      // Asking the clock costs more than a short function does.
      if (at - asked < SLICE_MS / 20 && stride < MAX_STRIDE) stride *= 2;
      else if (at - asked > SLICE_MS / 2) stride = 1;
      asked = at;
      if (this.room.isSmall) {
        if (this.room.isFull(bound)) break;
        if (this.room.wasLarge()) stride = 1;
      }
      next = done + stride;
      if (done >= MIN_WARM_UP && at - from > until) break;
      if (at < sliceEnd) continue;
      this.checkAbort();
      // Timers, I/O and what else the function set off get their turn, an async one's too
      // if it never leaves the microtasks.
      await turn();
      sliceEnd = now() + SLICE_MS;
    }
    this.iterations += done;
    return done;
  }

  async settle(strongest = false) {
    this.checkAbort();
    const state = await settle(this.rest, strongest);
    this.checkAbort();
    return state;
  }

  async warmUp() {
    const { warmUp } = this.options;
    // The first call alone: what it loads is its own affair.
    await this.repeat(1);
    const first = await this.settle();
    this.room.require(first.heap);
    const from = now();
    const most = warmUp === undefined ? WARM_UP_ITERATIONS : warmUp;
    const bound = first.heap + GROWTH_SHARE * this.room.left(first.heap);
    const done = await this.repeat(most, warmUp === undefined ? WARM_UP_MS : Infinity, bound);
    this.msPerIteration = done > 0 ? (now() - from) / done : 0;
    // Once more, so that what the collector itself sets off is over.
    await this.settle();
    this.state = await this.settle();
    this.heapPerIteration = done > 0 ? (this.state.heap - first.heap) / done : 0;
    this.externalPerIteration = done > 0 ? (offHeap(this.state) - offHeap(first)) / done : 0;
    this.before = this.state;
    this.room.require(this.before.heap);
  }

  growthAllowed(most) {
    return Math.min(most, this.room.left(this.before.heap) * GROWTH_SHARE);
  }

  firstRound() {
    const { iterations, timeMs } = this.options;
    if (iterations !== undefined) return iterations;
    const units = (GROWTH ** MIN_ROUNDS - 1) / (GROWTH - 1);
    const fits = (available, each) => available / (units * Math.max(each, 1e-6));
    const inTime = fits(timeMs * ROUNDS_SHARE, this.msPerIteration);
    const inHeap = fits(this.growthAllowed(MAX_HEAP_GROWTH), this.heapPerIteration);
    const offTheHeap = fits(this.growthAllowed(MAX_GROWTH), this.externalPerIteration);
    return Math.max(1, Math.floor(Math.min(FIRST_ROUND, inTime, inHeap, offTheHeap)));
  }

  /**
   * The first round's length. A busy machine, or a table that happened to grow, can
   * make the warm-up look far slower or larger than the function is: what is
   * measured with a first guess corrects it.
   */
  async begin() {
    let planned = this.firstRound();
    for (let tries = 0; tries < 2 && this.options.iterations === undefined; tries++) {
      if (planned >= FIRST_ROUND / MUCH_LARGER) break;
      await this.round(planned);
      const [{ iterations, heap, external }] = this.rounds.splice(0);
      this.heapPerIteration = heap / iterations;
      this.externalPerIteration = external / iterations;
      this.before = this.state;
      const better = this.firstRound();
      if (better < planned * MUCH_LARGER) break;
      planned = better;
    }
    return planned;
  }

  async round(iterations) {
    const from = now();
    const done = await this.repeat(iterations);
    const runMs = now() - from;
    const state = await this.settle();
    const before = this.state;
    this.state = state;
    this.msPerIteration = runMs / done;
    this.rounds.push({
      iterations: done,
      runMs,
      totalMs: now() - from,
      heap: state.heap - before.heap,
      external: state.external - before.external,
      arrayBuffers: state.arrayBuffers === null ? null : state.arrayBuffers - before.arrayBuffers,
      contexts: state.contexts === null ? null : state.contexts - before.contexts,
    });
  }

  /** Iterations of the rounds, the warm-up left out. */
  counted() {
    return this.rounds.reduce((total, round) => total + round.iterations, 0);
  }

  /** Whether so many more iterations are a small part of the time allowed, by the last round's pace. */
  hasTimeFor(iterations) {
    return iterations * this.msPerIteration < this.options.timeMs / 2;
  }

  /** Why the next round is not run; null if it may be. */
  limit(next) {
    const { timeMs } = this.options;
    const settling = this.rounds.reduce((most, round) => Math.max(most, round.totalMs - round.runMs), 0);
    const share = this.rounds.length < MIN_ROUNDS ? VERDICT_TIME : ROUNDS_TIME;
    if (this.elapsed() + next * this.msPerIteration + settling > timeMs * share) return 'time';
    const grown = size(this.state) - size(this.before);
    const done = this.counted();
    if (grown > 0 && grown * (1 + next / done) > 2 * this.growthAllowed(MAX_GROWTH)) return 'memory';
    return null;
  }

  /** The rounds; why they ended: `rounds`, `flat`, `time` or `memory`. */
  async run(judge) {
    await this.warmUp();
    const { rounds } = this.options;
    const most = rounds === undefined ? MAX_ROUNDS : rounds;
    for (let next = await this.begin(); this.rounds.length < most; next = Math.ceil(next * GROWTH)) {
      const limit = this.rounds.length > 0 ? this.limit(next) : null;
      if (limit) return limit;
      await this.round(next);
      if (this.evidence && this.rounds.length === EARLY_ROUNDS && this.growsSoFar()) {
        // The smaller the heap, the cheaper; and all that grows from here on is seen between the two.
        await this.evidence.take('before');
        this.state = await this.settle();
      }
      if (rounds !== undefined) continue;
      const done = this.counted();
      if (done >= ENOUGH_ITERATIONS && this.isFlat()) return 'flat';
      if (this.rounds.length < MIN_ROUNDS) continue;
      const { verdict, channel, sure } = judge(this.rounds);
      if (verdict !== 'leaking' ? sure : done >= ENOUGH_ITERATIONS || (channel === 'contexts' && done >= ENOUGH_CONTEXTS)) return 'rounds';
    }
    return 'rounds';
  }

  /** Whether each round left something behind for every iteration, on some channel. */
  growsSoFar() {
    const { floorBytes, floorContexts } = this.options.thresholds;
    const grows = (name, floor) => this.rounds.every((round) => round[name] !== null && round[name] > floor * round.iterations);
    return grows('heap', floorBytes) || grows('external', floorBytes) || grows('arrayBuffers', floorBytes) || grows('contexts', floorContexts);
  }

  isFlat() {
    const { thresholds } = this.options;
    const of = (name) => this.rounds.map((round) => ({ iterations: round.iterations, delta: round[name] }));
    return (
      isFlat(of('heap'), thresholds.floorBytes) &&
      isFlat(of('external'), thresholds.floorBytes) &&
      isFlat(of('arrayBuffers'), thresholds.floorBytes) &&
      isFlat(of('contexts'), thresholds.floorContexts)
    );
  }
}

/** Array buffers are part of `external` as a rule, and not always. */
function offHeap(state) {
  return Math.max(state.external, state.arrayBuffers || 0);
}

function size(state) {
  return state.heap + offHeap(state);
}

module.exports = { ENOUGH_ITERATIONS, Run };
