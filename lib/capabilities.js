'use strict';
// What works natively here, what falls back, and why.

const host = require('./host');

const FALLBACKS = {
  statistics: 'v8.getHeapStatistics()',
  gcEvents: "PerformanceObserver('gc'): no sizes, and about 50 µs and 7 KB of garbage a GC",
  forcedGc: 'v8.setFlagsFromString and a gc() from a fresh context',
  snapshot: 'node:inspector',
  signalWhileBusy: 'process.on(signal): main thread only, and only between turns of the event loop',
  nearHeapLimit: null,
  histogram: null,
};

function capabilities() {
  const out = {};
  for (const [name, { native, why }] of host.capabilities) {
    out[name] = { native, fallback: native ? null : FALLBACKS[name], why: why || null };
  }
  out.fork = { native: false, fallback: 'inline', why: 'not in this version' };
  out.redact = { native: false, fallback: null, why: 'not in this version' };
  return out;
}

module.exports = { capabilities };
