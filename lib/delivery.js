'use strict';
// Brings what happened on other threads, or in the middle of busy JavaScript, to
// whoever listens.

const host = require('./host');
const { fromOutcome } = require('./error');

const { native } = host;
const listeners = new Set();
let enabled = false;

/** `(error, {path, bytes, mode, cause, pauseMs, waitedMs, nodes})` */
function hand(error, result) {
  for (const listener of Array.from(listeners)) listener(error, result);
  if (listeners.size === 0 && error) process.emitWarning(error.message, 'LeakwatchWarning', error.code);
}

/** Hands on all outcomes that wait. */
function drain() {
  for (const outcome of native.outcomes()) {
    const { path, bytes, cause, pauseMs, waitedMs, nodes } = outcome;
    if (outcome.error) {
      const error = fromOutcome(outcome.error);
      error.cause = cause;
      hand(error, null);
    } else {
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
      process.emitWarning(error.message, 'LeakwatchWarning', error.code);
    }
  });
}

function add(listener) {
  if (!listener) return () => {};
  listeners.add(listener);
  return () => listeners.delete(listener);
}

module.exports = { deliver: { add, drain, enable, hand } };
