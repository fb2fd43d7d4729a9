'use strict';
// Brings what happened on other threads, or in the middle of busy JavaScript, to
// whoever listens.

const host = require('./host');
const { count } = require('./snapshot-counts');
const { fromOutcome } = require('./error');

const { native } = host;
// One set for this isolate, however often this file is loaded into a realm:
// outcomes are drained by one of the loads and told to the listeners of all.
const KEY = host.keyOf('delivery');
if (!process[KEY]) {
  Object.defineProperty(process, KEY, { value: new Set(), configurable: true });
}
const listeners = process[KEY];
let enabled = false;

function warn(error) {
  process.emitWarning(error.message, 'LeakwatchWarning', error.code);
}

/** `(error, {path, bytes, mode, cause, pauseMs, waitedMs, nodes})` */
function hand(error, result) {
  if (listeners.size === 0 && error) warn(error);
  for (const listener of Array.from(listeners)) {
    try {
      listener(error, result);
    } catch (thrown) {
      // The next listener and the next outcome are owed theirs all the same;
      // the error goes where an error in an event listener goes.
      process.nextTick(() => {
        throw thrown;
      });
    }
  }
}

/** Hands on all outcomes that wait. */
function drain() {
  for (const outcome of native.outcomes()) {
    const { path, bytes, mode, cause, pauseMs, waitedMs, nodes } = outcome;
    if (outcome.error) {
      const error = fromOutcome(outcome.error);
      error.cause = cause;
      count(error);
      hand(error, null);
    } else {
      count(null);
      hand(null, { path, bytes, mode, cause, pauseMs, waitedMs, nodes });
    }
  }
}

const HOLD_MS = 50;
let holding = null;

/** A loop with nothing else to do must not end before a snapshot that was begun. */
function hold() {
  if (holding) return;
  holding = host.timers.setInterval(() => {
    if (serve()) return;
    host.timers.clearInterval(holding);
    holding = null;
  }, HOLD_MS);
}

/** Serves and hands on; whether a snapshot is still under way. */
function serve() {
  // This runs as a callback of its own: an error here would end the process.
  try {
    const underWay = native.serveRequests();
    drain();
    return underWay;
  } catch (error) {
    warn(error);
    return false;
  }
}

/** Lets other threads wake this loop. */
function enable() {
  if (enabled || !host.isNative('snapshot')) return;
  enabled = true;
  native.setWake(() => {
    if (serve()) hold();
  });
}

function add(listener) {
  if (!listener) return () => {};
  listeners.add(listener);
  return () => listeners.delete(listener);
}

module.exports = { deliver: { add, drain, enable, hand } };
