'use strict';
// Runs as columns of numbers for charts, no more of them than a chart can show. Pure.

const MAX_POINTS = 800;
const MAX_RUNS = 16;
const VERDICTS = ['leaking', 'growing', 'steady', 'insufficient'];

/** Parts of equal time, oldest first; `timeOf` gives an item's. */
function buckets(items, timeOf, most) {
  if (items.length <= most) return items.map((item) => [item]);
  const first = timeOf(items[0]);
  const span = timeOf(items[items.length - 1]) - first || 1;
  const out = [];
  let last = -1;
  for (const item of items) {
    const at = Math.min(most - 1, Math.floor(((timeOf(item) - first) / span) * most));
    if (at !== last) out.push([]);
    last = at;
    out[out.length - 1].push(item);
  }
  return out;
}

const orNull = (value) => (value === undefined ? null : value);

/** Of baselines close together the lowest counts: what is held for certain. */
function baselineColumns(baselines) {
  const out = { time: [], heapUsed: [], external: [], arrayBuffers: [], rss: [], contexts: [] };
  for (const bucket of buckets(baselines, (baseline) => baseline.time, MAX_POINTS)) {
    const lowest = bucket.reduce((least, each) => (each.heapUsed < least.heapUsed ? each : least));
    out.time.push(lowest.time);
    out.heapUsed.push(lowest.heapUsed);
    out.external.push(orNull(lowest.external));
    out.arrayBuffers.push(orNull(lowest.arrayBuffers));
    out.rss.push(orNull(lowest.rss));
    out.contexts.push(orNull(lowest.nativeContexts));
  }
  return out;
}

const ms = (gc, kind) => (gc[kind] ? gc[kind][1] : 0);
const known = (values) => values.filter((value) => typeof value === 'number');
const extreme = (of, values) => (known(values).length > 0 ? of(...known(values)) : null);

function gcColumns(gcs) {
  const out = { time: [], count: [], minorMs: [], majorMs: [], otherMs: [], longestMs: [], usedMin: [], usedMax: [] };
  for (const bucket of buckets(gcs, (gc) => gc.to, MAX_POINTS)) {
    const sum = (of) => Math.round(bucket.reduce((total, gc) => total + of(gc), 0) * 1000) / 1000;
    out.time.push(bucket[bucket.length - 1].to);
    out.count.push(sum((gc) => gc.count));
    out.minorMs.push(sum((gc) => ms(gc, 'minor')));
    out.majorMs.push(sum((gc) => ms(gc, 'major')));
    out.otherMs.push(sum((gc) => ms(gc, 'incremental') + ms(gc, 'weakcb') + ms(gc, 'other')));
    out.longestMs.push(extreme(Math.max, bucket.map((gc) => gc.longest)));
    out.usedMin.push(extreme(Math.min, bucket.map((gc) => gc.usedMin)));
    out.usedMax.push(extreme(Math.max, bucket.map((gc) => gc.usedMax)));
  }
  return out;
}

const pausesOf = (gc) => ms(gc, 'minor') + ms(gc, 'major') + ms(gc, 'incremental') + ms(gc, 'weakcb') + ms(gc, 'other');

/** How it ended, in words; null if nobody knows yet, or ever. */
function endingOf({ end }) {
  if (!end) return null;
  return end.code ? `ended with exit code ${end.code}` : 'ended';
}

function growthOf({ baselines }) {
  return baselines.length > 1 ? baselines[baselines.length - 1].heapUsed - baselines[0].heapUsed : 0;
}

/** Worst verdict first, then most growth. */
function worstFirst(runs) {
  const rank = ({ trend, leak }) => (trend ? VERDICTS.indexOf(trend.verdict) : VERDICTS.length) - (leak ? 0.5 : 0);
  return runs.slice().sort((a, b) => rank(a) - rank(b) || growthOf(b) - growthOf(a));
}

/** The last leak that was told, which may have been let go since. */
function alarmOf({ leak }) {
  return leak ? { time: leak.time, reason: leak.reason } : null;
}

function columns(run) {
  const { pid, threadId, node, script, start, heapLimit } = run.header;
  const { type: _type, ...trend } = run.trend || {};
  return {
    pid: orNull(pid),
    threadId: threadId || 0,
    node: orNull(node),
    program: orNull(script),
    start,
    heapLimit: orNull(heapLimit),
    trend: run.trend ? trend : null,
    alarm: alarmOf(run),
    ending: endingOf(run),
    baselineCount: run.baselines.length,
    gcCount: run.gcs.reduce((sum, gc) => sum + gc.count, 0),
    gcMs: Math.round(run.gcs.reduce((sum, gc) => sum + pausesOf(gc), 0) * 1000) / 1000,
    snapshots: run.snapshots.map(({ time, path, cause }) => ({ time, path, cause })),
    lostLines: run.lost,
    baselines: baselineColumns(run.baselines),
    gcs: gcColumns(run.gcs),
  };
}

/** The report's `history`: the runs with most to say, and how many there were. */
function historyModel(runs) {
  const told = runs.filter((run) => run.baselines.length > 0 || run.gcs.length > 0);
  return { runCount: told.length, runs: worstFirst(told).slice(0, MAX_RUNS).map(columns) };
}

module.exports = { endingOf, growthOf, historyModel, worstFirst };
