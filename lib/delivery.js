'use strict';
// Brings what happened on other threads, or in the middle of busy JavaScript, to
// whoever listens.

const host = require('./host');
const { count } = require('./snapshot-counts');
const { fromOutcome } = require('./error');

const { native } = host;
// One set for this isolate, however often this file is loaded into a realm:
// outcomes are drained by one of the loads and told to the listeners of all.
const KEY = Symbol.for('leakwatch.delivery');
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
    const { path, bytes, cause, pauseMs, waitedMs, nodes } = outcome;
    if (outcome.error) {
      const error = fromOutcome(outcome.error);
      error.cause = cause;
      count(error);
      hand(error, null);
    } else {
      count(null);
      hand(null, { path, bytes, mode: 'inline', cause, pauseMs, waitedMs, nodes });
    }
  }
}

/** Lets other threads wake this loop. */
function enable() {
  if (enabled || !host.isNative('snapshot')) return;
  enabled = true;
  native.setWake(() => {
    // This runs as a callback of its own: an error here would end the process.
    try {
      native.serveRequests();
      drain();
    } catch (error) {
      warn(error);
    }
  });
}

function add(listener) {
  if (!listener) return () => {};
  listeners.add(listener);
  return () => listeners.delete(listener);
}

module.exports = { deliver: { add, drain, enable, hand } };
