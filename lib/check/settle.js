'use strict';
// What is in use once a round is over and everything has come to rest.

const { isMainThread } = require('worker_threads');
const host = require('../host');
const { gc, heapStatistics } = require('../baselines');

const MAX_PASSES = 6;
/** A pass that frees less than this has nothing more to find: bytes, and share of the heap. */
const SETTLED_BYTES = 512;
const SETTLED_SHARE = 0.0001;
/** How often a backlog that does not shrink is looked at again. */
const PATIENCE = 3;
const PAUSE_MS = 2;

/** A turn of the event loop, and all microtasks with it. */
function turn() {
  return new Promise((resolve) => host.timers.setImmediate(resolve));
}

function pause(ms) {
  return new Promise((resolve) => host.timers.setTimeout(resolve, ms));
}

// Asking for a stream makes it, so only where output is written later are they asked.
const printsLater = !isMainThread || process.platform !== 'linux';

/** Work that was begun and will end by itself: requests of the system, output not written yet. */
function backlog() {
  let pending = 0;
  if (printsLater) pending += (process.stdout.writableLength || 0) + (process.stderr.writableLength || 0);
  // Node 17.3 on; before it, and in other hosts, what there is.
  const { getActiveResourcesInfo: list, _getActiveRequests: requests } = process;
  if (list) {
    for (const type of list.call(process)) if (type !== 'Timeout' && type !== 'Immediate') pending += 1;
  } else if (requests) {
    pending += requests.call(process).length;
  }
  return pending;
}

/** Lets work that nobody waits for come to its end, down to `rest` or as long as it gets less. */
async function drain(rest) {
  let least = backlog();
  for (let patience = PATIENCE; least > rest && patience > 0; ) {
    await pause(PAUSE_MS);
    const left = backlog();
    if (left < least) patience = PATIENCE;
    else patience -= 1;
    least = Math.min(least, left);
  }
}

function read() {
  const { usedHeapSize, externalMemory, nativeContexts } = heapStatistics();
  const { arrayBuffers, external } = process.memoryUsage();
  return {
    heap: usedHeapSize,
    external: externalMemory === undefined ? external : externalMemory,
    arrayBuffers: arrayBuffers === undefined ? null : arrayBuffers,
    contexts: nativeContexts === undefined ? null : nativeContexts,
  };
}

/**
 * What V8 does when memory is short: its caches of compiled code go too. The
 * inspector asks for it; a host without one is left with the GCs before.
 */
async function collectAll() {
  let inspector;
  try {
    inspector = require('inspector');
  } catch (_) {
    return;
  }
  const session = new inspector.Session();
  session.connect();
  await new Promise((resolve) => session.post('HeapProfiler.collectGarbage', resolve));
  session.disconnect();
}

/** Full GCs with turns of the event loop between until nothing more goes; then the figures. */
async function settle(rest, strongest) {
  await turn();
  await drain(rest);
  if (strongest) await collectAll();
  let before = Infinity;
  for (let pass = 0; ; pass++) {
    gc();
    const now = read();
    const freed = before - now.heap;
    if (pass > 0 && (freed < Math.max(SETTLED_BYTES, now.heap * SETTLED_SHARE) || pass + 1 >= MAX_PASSES)) return now;
    before = now.heap;
    // Finalizers and async_hooks run here; what they let go is garbage for the next pass.
    await turn();
    await turn();
  }
}

module.exports = { backlog, settle, turn };
