'use strict';
// Snapshots on a signal, served while JavaScript is busy.

const path = require('path');
const { performance } = require('perf_hooks');
const host = require('./host');
const options = require('./options');
const { check, nativeOptions, writeNow } = require('./snapshot');
const { deliver } = require('./delivery');
const { unavailable } = require('./error');
const { isFolder } = require('./make-folder');
const { cleanUp } = require('./storage');
const { resolved } = require('./working-directory');

const { native } = host;
const COOLDOWN = 10000;
const MAX = 10;

/** The system's clock may be set back, which must not make a cooldown longer. */
const now = performance.now.bind(performance);

/** Relative to where the process is now: it may have moved by the time. */
function absolute(given) {
  const trailing = given !== undefined && /[\\/]$/.test(given) ? path.sep : '';
  return given === undefined ? resolved() + path.sep : resolved(given) + trailing;
}

// Node takes its handler out with the last listener, which would leave the
// signal to its default: to end the process. An unref'd listener of ours keeps
// Node's in; it also tells libraries that count listeners that someone cares.
const anchors = new Map();

/** Puts an anchor back that removeAllListeners() has swept away. */
function onRemoved(signal, listener) {
  const entry = anchors.get(signal);
  if (!entry || entry.listener !== listener) return;
  process.on(signal, entry.listener);
  native.reclaimSignal(signal);
}

/** Keeps the signal; `serve`, if given, is called on it. */
function anchor(signal, serve) {
  if (host.threadId !== 0) return () => {};
  let entry = anchors.get(signal);
  if (!entry) {
    const servers = new Set();
    const listener = function leakwatchKeepsThisSignal() {
      for (const server of servers) server();
    };
    entry = { users: 0, servers, listener };
    process.on(signal, entry.listener);
    anchors.set(signal, entry);
    if (anchors.size === 1) process.on('removeListener', onRemoved);
  }
  entry.users += 1;
  if (serve) entry.servers.add(serve);
  return () => {
    entry.users -= 1;
    entry.servers.delete(serve);
    if (entry.users > 0) return;
    anchors.delete(signal);
    process.removeListener(signal, entry.listener);
    if (anchors.size === 0) process.removeListener('removeListener', onRemoved);
  };
}

function snapshotOnSignal(signal = 'SIGUSR2', given) {
  options.signalName('signal', signal);
  const { cooldown = COOLDOWN, max = MAX, callback, ...rest } = options.signal(given);
  const checked = { ...check({ path: rest.path, given: snapshotOptions(rest) }), path: absolute(rest.path) };
  const serve = host.isNative('signalWhileBusy') ? nativeSignal : plainSignal;
  const removeCallback = deliver.add(callback);
  let end;
  try {
    end = serve(signal, checked, cooldown, max);
  } catch (error) {
    removeCallback();
    throw error;
  }
  cleanUp(isFolder(checked.path) ? checked.path : path.dirname(`${checked.path}-`));
  let disposed = false;
  return function dispose() {
    if (disposed) return;
    disposed = true;
    end();
    removeCallback();
  };
}

function snapshotOptions({ path: _, ...rest }) {
  return rest;
}

function nativeSignal(signal, checked, cooldown, max) {
  // Node's handler first, so that ours is on top of it and passes signals on.
  const removeAnchor = anchor(signal);
  let id;
  try {
    deliver.enable();
    id = native.onSignal(signal, nativeOptions(checked.path, checked), cooldown, max);
  } catch (error) {
    removeAnchor();
    throw error;
  }
  return () => {
    native.disposeSignal(id);
    removeAnchor();
  };
}

function exhausted(signal, served) {
  const error = unavailable(
    'signal',
    `${served} snapshots were taken on ${signal}, which is the maximum; raise max or call snapshotOnSignal again`
  );
  error.cause = signal;
  return error;
}

/** Without native help: between two turns of the loop, main thread only. */
function plainSignal(signal, checked, cooldown, max) {
  if (host.threadId !== 0) throw unavailable('signal', 'Node passes signals to the main thread only');
  let served = 0;
  let told = false;
  let last = -Infinity;
  const listener = () => {
    const at = now();
    if (at - last < cooldown) return;
    if (max > 0 && served >= max) {
      if (!told) deliver.hand(exhausted(signal, served), null);
      told = true;
      return;
    }
    last = at;
    served += 1;
    try {
      const { path: file, bytes, pauseMs } = writeNow(checked.path, checked);
      deliver.hand(null, { path: file, bytes, mode: 'inline', cause: signal, pauseMs });
    } catch (error) {
      error.cause = signal;
      deliver.hand(error, null);
    }
  };
  return anchor(signal, listener);
}

module.exports = { snapshotOnSignal };
