'use strict';
// heapdump 0.3.15: writeSnapshot([filename][, callback]), and SIGUSR2 from load on.

const path = require('path');
const { writeSnapshot: write } = require('../snapshot');
const { snapshotOnSignal } = require('../signal');

/** heapdump's callers match on the system's names. */
const SYSTEM_NAMES = {
  ERR_LEAKWATCH_NO_DIRECTORY: 'ENOENT',
  ERR_LEAKWATCH_NOT_WRITABLE: 'EACCES',
  ERR_LEAKWATCH_DISK_FULL: 'ENOSPC',
  ERR_LEAKWATCH_NOT_ENOUGH_DISK: 'ENOSPC',
  ERR_LEAKWATCH_NOT_ENOUGH_MEMORY: 'ENOMEM',
  ERR_LEAKWATCH_BUSY: 'EBUSY',
  ERR_LEAKWATCH_IO: 'EIO',
};
const COOLDOWN_MS = 1000;

/** `heapdump-<a>.<b>.heapsnapshot` from the monotonic clock, as the original has it. */
function defaultName() {
  const [seconds, nanos] = process.hrtime();
  return `heapdump-${seconds * 1000 + Math.floor(nanos / 1e6)}.${nanos % 1e6}.heapsnapshot`;
}

function asHeapdump(error) {
  const told = new Error(`heapdump write error ${SYSTEM_NAMES[error.code] || error.code || error.message}`);
  // What leakwatch knows: the path, the bytes needed and there.
  return Object.assign(told, { code: error.code, cause: error });
}

/** True if it was written. The callback is called before this returns. */
function writeSnapshot(filename, callback) {
  if (typeof filename === 'function') [filename, callback] = [undefined, filename];
  const given = typeof filename === 'string' ? filename : defaultName();
  let written;
  let failure = null;
  try {
    written = write(given);
  } catch (error) {
    failure = asHeapdump(error);
  }
  if (callback) {
    if (failure) callback(failure);
    else callback(null, written === path.resolve(given) ? given : written);
  }
  return failure === null;
}

function options(text) {
  let signal = true;
  for (const option of text.split(/\s*,\s*/)) {
    if (option === 'signal') signal = true;
    else if (option === 'nosignal') signal = false;
    else if (option !== '') process.stderr.write(`node-heapdump: unrecognized option: ${option}\n`);
  }
  return { signal };
}

/** Once for an isolate, however often this file is loaded into a realm. */
const KEY = Symbol.for('leakwatch.compat.heapdump');

function listen() {
  if (process[KEY] || process.platform === 'win32') return;
  Object.defineProperty(process, KEY, { value: true });
  try {
    snapshotOnSignal('SIGUSR2', { path: path.resolve('heapdump-{time}.{seq}.heapsnapshot'), cooldown: COOLDOWN_MS, max: 0 });
  } catch (error) {
    // In a worker without native signals: the main thread's are all there are.
    if (error.code !== 'ERR_LEAKWATCH_UNAVAILABLE') throw error;
  }
}

if (options(process.env.NODE_HEAPDUMP_OPTIONS || '').signal) listen();

module.exports = { writeSnapshot };
