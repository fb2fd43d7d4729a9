'use strict';
// Everything the exporters tell, read at once when someone asks. Between two
// readings nothing is done.

const { now } = require('./clock');
const host = require('./host');
const { counts: snapshots } = require('./snapshot-counts');
const { deliver } = require('./delivery');
const { heapSpaces, heapStatistics } = require('./baselines');
const { judge, records } = require('./trend');

const { native } = host;
/** In the order of the addon's row of pauses. */
const GC_TYPES = ['minor', 'major', 'incremental', 'weakcb', 'other'];
const NO_GCS = Number.MAX_SAFE_INTEGER;
const WATCH = host.keyOf('watch');

/** Judging takes up to some milliseconds, and changes with a new baseline or other thresholds only. */
let judged = { baselines: -1, options: null, trend: null };

function currentTrend(baselines, newest) {
  const options = process[WATCH] ? process[WATCH].options : null;
  // Without a newest one the records were reset; then there is little to judge.
  if (newest && judged.baselines === baselines && judged.options === options) return judged.trend;
  const { trend } = judge(options ? options.thresholds : undefined, false);
  judged = { baselines, options, trend };
  return trend;
}

/** By channel, in milliseconds from now: they were reckoned at the newest baseline. */
function timesToLimit(channels, newest) {
  const passed = newest ? Math.max(0, now() - newest.time) : 0;
  const left = {};
  for (const channel of Object.keys(channels)) {
    const { timeToLimitMs } = channels[channel];
    if (timeToLimitMs !== null) left[channel] = Math.max(0, timeToLimitMs - passed);
  }
  return left;
}

/** `{bounds, types: {minor: {counts, sums}}}`: every pause so far, by bucket and not cumulative; times in seconds. */
function pauses() {
  const row = native.pauses();
  const kinds = 2 * GC_TYPES.length;
  const size = (row.length - kinds) / (kinds + 1);
  const types = {};
  let at = size;
  const take = (scale) => {
    const part = row.slice(at, at + size + 1);
    at += size + 1;
    return scale ? part.map((value) => value * scale) : part;
  };
  for (const type of GC_TYPES) types[type] = { counts: take(), sums: take(1e-3) };
  return { bounds: row.slice(0, size), types };
}

/** The state of this isolate, as both exporters tell it. */
function sample() {
  // Snapshots taken in the middle of busy JavaScript may not have been told yet.
  deliver.drain();
  const baselines = native.baselineCount();
  const [newest] = records(NO_GCS, Math.max(0, baselines - 1)).baselines;
  const trend = currentTrend(baselines, newest);
  return {
    watching: native.isWatching(),
    baselines,
    /** Null until there is one. */
    newest: newest || null,
    channels: trend.channels,
    timesToLimit: timesToLimit(trend.channels, newest),
    heapLimit: heapStatistics().heapSizeLimit,
    pauses: pauses(),
    snapshots,
  };
}

module.exports = { GC_TYPES, heapSpaces, sample };
