'use strict';
// Forced collections and the baselines after them.

const host = require('./host');
const fallback = require('./fallback');
const { invalid } = require('./error');
const { show } = require('./options');

const { native } = host;
const inNative = host.isNative('forcedGc');
/** Passes of promises.tick(): each lets go what the one before made reachable. */
const MAX_PASSES = 6;
const MIN_PASSES = 2;
/** A pass that frees less than this share has nothing more to find. */
const SETTLED = 0.0005;

function checkLabel(label) {
  if (label !== undefined && typeof label !== 'string') {
    throw invalid('label', `must be a string, not ${show(label)}`);
  }
  return label;
}

let proven = false;

/**
 * V8 ends the process if a forced GC is requested without its flag, so that the
 * flag works here is seen before it is relied on: a context made meanwhile must
 * have a gc(). Until then, and in hosts that freeze their flags, V8 is told of
 * memory pressure instead.
 */
function proveForcedGc() {
  if (proven || !inNative) return;
  proven = true;
  const { electron, bun, deno } = process.versions;
  if (electron || bun || deno) return;
  const inNewContext = () => require('vm').runInNewContext('typeof gc') === 'function';
  // A gc() in this context proves nothing: it may be the app's own, or this worker
  // may have been started while another one collected.
  if (native.withGcFlag(false, inNewContext)) native.trustGcFlag(true);
  else if (native.withGcFlag(true, inNewContext)) native.trustGcFlag(false);
}

/** A full GC; its duration in milliseconds. */
function gc() {
  proveForcedGc();
  return inNative ? native.collect() : fallback.collect();
}

function tick(label) {
  checkLabel(label);
  if (!inNative) return plain(native.pushBaseline(fallback.baseline(label, fallback.collect(), true)));
  proveForcedGc();
  native.measure();
  return plain(native.record(label, process.memoryUsage().arrayBuffers));
}

/** A turn of the event loop, and all microtasks with it. */
function turn() {
  return new Promise((resolve) => host.timers.setImmediate(resolve));
}

async function settledTick(label) {
  checkLabel(label);
  let before = Infinity;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    gc();
    // Finalizers and async_hooks destroys run in the turns after a GC; what
    // they let go is garbage only for the next one.
    await turn();
    await turn();
    const used = heapStatistics().usedHeapSize;
    if (pass + 1 >= MIN_PASSES && before - used < before * SETTLED) break;
    before = used;
  }
  return tick(label);
}

function heapStatistics() {
  return inNative ? native.heapStatistics() : fallback.heapStatistics();
}

function heapSpaces() {
  return inNative ? native.heapSpaces() : fallback.heapSpaces();
}

const NULLABLE = ['label', 'arrayBuffers', 'nativeContexts', 'detachedContexts', 'globalHandles'];

/** The shape of the contract: nothing undefined, `null` for what nobody knows. */
function plain(baseline) {
  for (const name of NULLABLE) if (baseline[name] === undefined) baseline[name] = null;
  return baseline;
}

module.exports = { gc, heapSpaces, heapStatistics, plain, settledTick, tick };
