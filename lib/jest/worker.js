'use strict';
// What this worker is told, and tells: the messages between Jest's parent and it,
// listened in on: which file comes next, when a result goes out, when the end has come. Messages are never
// changed; where they are not what is expected, they pass untouched.

const CALL = 1;
const END = 2;
/** What a worker answers a call with: its result, or the error it threw. */
const ANSWERS = new Set([0, 1]);
/** Jest ends a worker 500 ms after it was asked to go; a result may wait longer. */
const MAX_WAIT_MS = 120000;

const timers = { setTimeout, clearTimeout };

let nextPath = null;

/** Where messages come and go; null in the parent itself. */
function channel() {
  let threads;
  try {
    threads = require('worker_threads');
  } catch (_) {
    // Node 12 without worker threads.
  }
  if (threads && !threads.isMainThread) {
    const port = threads.parentPort;
    return port && { emitter: port, owner: port, method: 'postMessage' };
  }
  if (process.env.JEST_WORKER_ID && typeof process.send === 'function') {
    return { emitter: process, owner: process, method: 'send' };
  }
  return null;
}

function attach({ beforeResult, beforeEnd, killed }) {
  const found = channel();
  if (!found) return;
  listen(found.emitter, beforeEnd);
  holdResults(found, beforeResult);
  if (found.emitter === process) onKill(killed);
}

function listen(emitter, beforeEnd) {
  const listener = (message) => {
    if (!Array.isArray(message)) return;
    if (message[0] === CALL) nextPath = pathOf(message);
    if (message[0] === END) {
      // A listener would keep the channel, and the worker with it.
      emitter.removeListener('message', listener);
      beforeEnd();
    }
  };
  // A worker thread's port has no prependListener.
  if (emitter.prependListener) emitter.prependListener('message', listener);
  else emitter.on('message', listener);
}

function pathOf(message) {
  const [argument] = Array.isArray(message[3]) ? message[3] : [];
  return argument && typeof argument.path === 'string' ? argument.path : null;
}

/** In one process the reporter says what comes next. */
function announce(path) {
  nextPath = path;
}

/** The path in the call being served, once; the first call came before us. */
function pathOfCall() {
  const found = nextPath;
  nextPath = null;
  return found;
}

/** Lets a result wait for `before()`, which may return a promise. */
function holdResults({ owner, method }, before) {
  const send = owner[method];
  owner[method] = function (message, ...rest) {
    const waits = Array.isArray(message) && ANSWERS.has(message[0]) ? attempt(before) : undefined;
    if (!waits) return send.call(owner, message, ...rest);
    let sent = false;
    const pass = () => {
      if (sent) return;
      sent = true;
      timers.clearTimeout(late);
      send.call(owner, message, ...rest);
    };
    const late = timers.setTimeout(pass, MAX_WAIT_MS);
    waits.then(pass, pass);
    return true;
  };
}

function attempt(action) {
  try {
    return action();
  } catch (_) {
    return undefined;
  }
}

/** Tells before the default action, which then happens all the same. */
function onKill(killed) {
  const listener = () => {
    process.removeListener('SIGTERM', listener);
    attempt(killed);
    if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM');
  };
  process.on('SIGTERM', listener);
}

module.exports = { announce, attach, pathOfCall };
