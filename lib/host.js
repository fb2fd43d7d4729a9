'use strict';
// What this Node offers, taken once at load: test runners replace timers and
// globals later, and watching must not notice.

const timers = require('timers');
const v8 = require('v8');
const { constants } = require('perf_hooks');
const { guarded } = require('./error');

const native = require('./native').load();

function threadId() {
  try {
    return require('worker_threads').threadId;
  } catch (_) {
    return 0;
  }
}

const id = threadId();
const wantsNative = process.env.LEAKWATCH_NATIVE_V8 !== 'off';
/** A GC between two readings of the same figures makes them differ, though seldom, and hardly twice. */
const TRIES = 3;

function attach() {
  const statistics = v8.getHeapStatistics();
  const rows = guarded(native.attach)({
    threadId: id,
    native: wantsNative,
    gcMinor: constants.NODE_PERFORMANCE_GC_MINOR,
    gcMajor: constants.NODE_PERFORMANCE_GC_MAJOR,
    gcIncremental: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
    gcWeakcb: constants.NODE_PERFORMANCE_GC_WEAKCB,
    heapSizeLimit: statistics.heap_size_limit,
    nativeContexts: statistics.number_of_native_contexts,
    detachedContexts: statistics.number_of_detached_contexts,
  });
  return new Map(rows.map((row) => [row.name, row]));
}

let capabilities = attach();
for (let tries = 1; tries < TRIES && wantsNative && !capabilities.get('statistics').native; tries++) capabilities = attach();

/** Every native call, with its errors made presentable. */
const calls = {};
for (const name of Object.keys(native)) {
  const value = native[name];
  const plain = typeof value === 'function' && !/^[A-Z]/.test(name);
  calls[name] = plain ? guarded(value) : value;
}

/** For what there is one of in each isolate and each load of the addon, however often this file is loaded into a realm. */
const keyOf = (name) => Symbol.for(`leakwatch.${name} ${native.instance()}`);

module.exports = {
  native: calls,
  capabilities,
  isNative: (name) => capabilities.get(name).native,
  keyOf,
  threadId: id,
  timers: {
    setImmediate: timers.setImmediate,
    setInterval: timers.setInterval,
    setTimeout: timers.setTimeout,
    clearInterval: timers.clearInterval,
    clearTimeout: timers.clearTimeout,
  },
};
