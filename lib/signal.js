'use strict';
// Snapshots on a signal, served while JavaScript is busy.

const path = require('path');
const host = require('./host');
const options = require('./options');
const { nativeOptions, writeSnapshot } = require('./snapshot');
const { deliver } = require('./delivery');
const { unavailable } = require('./error');

const { native } = host;
const COOLDOWN = 10000;
const MAX = 10;

/** Relative to where the process is now: it may have moved by the time. */
function absolute(given) {
  const trailing = given !== undefined && /[\\/]$/.test(given) ? path.sep : '';
  return given === undefined ? process.cwd() + path.sep : path.resolve(given) + trailing;
}

// Node takes its handler out with the last listener, which would leave the
// signal to its default: to end the process. An unref'd listener of ours keeps
// Node's in; it also tells libraries that count listeners that someone cares.
const anchors = new Map();

function anchor(signal) {
  if (host.threadId !== 0) return () => {};
  let entry = anchors.get(signal);
  if (!entry) {
    entry = { users: 0, listener: function leakwatchKeepsThisSignal() {} };
    anchors.set(signal, entry);
    process.on(signal, entry.listener);
  }
  entry.users += 1;
  return () => {
    entry.users -= 1;
    if (entry.users > 0) return;
    anchors.delete(signal);
    process.removeListener(signal, entry.listener);
  };
}

function snapshotOnSignal(signal = 'SIGUSR2', given) {
  options.signalName('signal', signal);
  const { cooldown = COOLDOWN, max = MAX, callback, ...checked } = options.signal(given);
  if (checked.redact) throw unavailable('redact', 'this version cannot leave strings out yet');
  checked.path = absolute(checked.path);
  const end = host.isNative('signalWhileBusy')
    ? nativeSignal(signal, checked, cooldown, max, callback)
    : plainSignal(signal, checked, cooldown, max, callback);
  let disposed = false;
  return function dispose() {
    if (disposed) return;
    disposed = true;
    end();
  };
}

function nativeSignal(signal, checked, cooldown, max, callback) {
  const removeCallback = deliver.add(callback);
  // Node's handler first, so that ours is on top of it and passes signals on.
  const removeAnchor = anchor(signal);
  let id;
  try {
    deliver.enable();
    id = native.onSignal(signal, nativeOptions(checked.path, checked), cooldown, max);
  } catch (error) {
    removeAnchor();
    removeCallback();
    throw error;
  }
  return () => {
    native.disposeSignal(id);
    removeAnchor();
    removeCallback();
  };
}

/** Without native help: between two turns of the loop, main thread only. */
function plainSignal(signal, checked, cooldown, max, callback) {
  if (host.threadId !== 0) throw unavailable('signal', 'Node passes signals to the main thread only');
  const removeCallback = deliver.add(callback);
  let served = 0;
  let last = -Infinity;
  const listener = () => {
    const now = Date.now();
    if (now - last < cooldown || (max > 0 && served >= max)) return;
    last = now;
    served += 1;
    const { path: target, ...rest } = checked;
    writeSnapshot(target, rest, (error, file) => {
      deliver.hand(error || null, { path: file, cause: signal, mode: 'inline' });
    });
  };
  process.on(signal, listener);
  return () => {
    process.removeListener(signal, listener);
    removeCallback();
  };
}

module.exports = { snapshotOnSignal };
