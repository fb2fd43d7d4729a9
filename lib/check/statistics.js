'use strict';
// From rounds to a verdict: numbers in, numbers out; no clock, no V8.
//
// Each round runs 2.5 times the iterations of the one before. What leaks grows
// with the iterations; what a round costs by itself (a table that grew, code
// that was compiled) does not, and is the intercept of the regression.

/** Rounds below which nothing is said. */
const MIN_ROUNDS = 5;
/** How far the rates of the rounds may differ: tables that grow by doubling do so once or twice a round. */
const MAX_SPREAD = 4;
/** The last round must leak at this share of the rate before it: what slows down is filling up. */
const KEEPS_UP = 0.6;
/** The rise must exceed this many times what ever fell: caches that are swept saw. */
const OVER_FALLS = 2;

/** Student's t, two-sided 95 %, by degrees of freedom from 1. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131];
const NORMAL = 1.96;

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Least squares of `y` on `x` with an intercept: the slope and its 95 % interval. */
function regress(x, y) {
  const n = x.length;
  const meanX = sum(x) / n;
  const meanY = sum(y) / n;
  let xx = 0;
  let xy = 0;
  for (let i = 0; i < n; i++) {
    xx += (x[i] - meanX) ** 2;
    xy += (x[i] - meanX) * (y[i] - meanY);
  }
  if (n < 3 || xx === 0) return { slope: 0, intercept: meanY, low: -Infinity, high: Infinity };
  const slope = xy / xx;
  const intercept = meanY - slope * meanX;
  let residual = 0;
  for (let i = 0; i < n; i++) residual += (y[i] - intercept - slope * x[i]) ** 2;
  const t = STUDENT[n - 3] || NORMAL;
  const half = t * Math.sqrt(residual / (n - 2) / xx);
  return { slope, intercept, low: slope - half, high: slope + half };
}

function median(values) {
  const sorted = values.slice().sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The largest fall from one point of the run to a later one. */
function largestFall(deltas) {
  let level = 0;
  let peak = 0;
  let fall = 0;
  for (const delta of deltas) {
    level += delta;
    peak = Math.max(peak, level);
    fall = Math.max(fall, peak - level);
  }
  return fall;
}

/**
 * Judges one channel. `rounds` are `{iterations, delta}`, oldest first; `floor`
 * is the growth per iteration that matters, `minRise` the growth in all.
 * `why` names the condition that failed, if one did.
 */
function judgeChannel(rounds, { floor, minRise }) {
  const x = rounds.map((round) => round.iterations);
  const y = rounds.map((round) => round.delta);
  const { slope, low, high } = regress(x, y);
  const rise = sum(y);
  const figures = { perIteration: slope, low, high, rise };
  const fails = (why, verdict = 'steady') => Object.assign({ verdict, why }, figures);
  if (isFlat(rounds, floor)) return fails('below the floor');
  if (rounds.length < MIN_ROUNDS) return fails('few rounds', 'insufficient');
  if (!(slope > floor)) return fails('below the floor');
  if (rise < minRise) return fails('immaterial');
  if (!(low > floor)) return fails('unsure');
  if (rise < OVER_FALLS * largestFall(y)) return fails('rises and falls');
  const rates = rounds.map((round) => round.delta / round.iterations).slice(-MIN_ROUNDS);
  const last = rates[rates.length - 1];
  if (last < KEEPS_UP * median(rates.slice(0, -1))) return fails('slows down', 'growing');
  // Of the first rounds a constant cost may be the larger part; the last four are long.
  const late = rates.slice(1);
  if (!(Math.min(...late) > 0) || Math.max(...late) > MAX_SPREAD * Math.min(...late)) return fails('in steps', 'growing');
  return Object.assign({ verdict: 'leaking', why: null }, figures);
}

/** Whether nothing is left to be found: the latest rounds are long and grew by next to nothing. */
function isFlat(rounds, floor) {
  return rounds.length >= 3 && rounds.slice(-2).every((round) => Math.abs(round.delta) < (floor / 2) * round.iterations);
}

module.exports = { MIN_ROUNDS, isFlat, judgeChannel, largestFall, median, regress };
