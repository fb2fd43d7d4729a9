'use strict';
// The records and what they say.

const fs = require('fs');
const host = require('./host');
const options = require('./options');
const { heapSpaces, heapStatistics, plain } = require('./baselines');
const { heapLimit } = require('./heap-limit');

const { native } = host;

/** Gives natural baselines the figure only Node has. */
function complete() {
  try {
    // Asking Node for its memory ends a process that has closed its standard
    // error: libuv takes the lowest descriptor for its own.
    fs.fstatSync(2);
  } catch (_) {
    return;
  }
  const { arrayBuffers } = process.memoryUsage();
  if (arrayBuffers !== undefined) native.complete(arrayBuffers);
}

function shape(raw) {
  const channels = {};
  for (const { channel, timeToLimitMs, ...rest } of raw.channels) {
    channels[channel] = { ...rest, timeToLimitMs: timeToLimitMs === undefined ? null : timeToLimitMs };
  }
  return {
    verdict: raw.verdict,
    channel: raw.channel,
    bytesPerTick: raw.bytesPerTick,
    bytesPerSecond: raw.bytesPerSecond,
    low: raw.low,
    high: raw.high,
    confidence: raw.confidence,
    ticks: raw.ticks,
    timeToLimitMs: raw.timeToLimitMs === undefined ? null : raw.timeToLimitMs,
    reason: raw.reason,
    channels,
  };
}

/** The verdict over baselines that are complete. */
function judge(thresholds, observe) {
  const raw = native.trend({ heapLimit: heapLimit(heapStatistics().heapSizeLimit) }, thresholds, observe);
  return { trend: shape(raw), alarm: raw.alarm };
}

function trend(given) {
  const { thresholds } = options.trend(given);
  complete();
  return judge(thresholds, false).trend;
}

/** Records from these numbers on, in the contract's shape. */
function records(fromGc, fromBaseline) {
  complete();
  const raw = native.history(fromGc, fromBaseline);
  const gcs = raw.gcs.map((gc) => {
    const out = {
      seq: gc.seq,
      type: gc.type,
      start: gc.start,
      duration: gc.duration,
      forced: gc.forced,
      usedBefore: gc.usedBefore === undefined ? null : gc.usedBefore,
      usedAfter: gc.usedAfter === undefined ? null : gc.usedAfter,
    };
    if (gc.spaces) {
      out.spaces = {};
      gc.spaces.forEach((used, at) => {
        out.spaces[raw.spaces[at]] = used;
      });
    }
    return out;
  });
  return { baselines: raw.baselines.map(plain), gcs };
}

const history = () => records(0, 0);

function stats() {
  const heap = heapStatistics();
  const spaces = {};
  for (const { name, ...space } of heapSpaces()) spaces[name] = space;
  const counts = native.counts();
  const gc = {};
  for (const { type, count, duration } of counts.totals) gc[type] = { count, duration };
  const { rss, external, arrayBuffers } = process.memoryUsage();
  return {
    heap,
    spaces,
    gc,
    gcMissed: counts.missed,
    baselines: counts.baselines,
    memory: { rss, external, arrayBuffers: arrayBuffers === undefined ? null : arrayBuffers },
  };
}

module.exports = { history, judge, records, reset: () => native.reset(), shape, stats, trend };
