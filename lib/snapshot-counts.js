'use strict';
// How many snapshots there were, for whoever exports figures.

// One set of counters for this isolate, however often this file is loaded into a realm.
const KEY = Symbol.for('leakwatch.snapshots');
if (!process[KEY]) {
  Object.defineProperty(process, KEY, { value: { written: 0, refused: 0, failed: 0 }, configurable: true });
}
const counts = process[KEY];

/** Turned away before V8 was asked, because there was no room, or one was being taken. */
const REFUSALS = ['NOT_ENOUGH_MEMORY', 'NOT_ENOUGH_DISK', 'BUSY'].map((name) => `ERR_LEAKWATCH_${name}`);
/** The caller's own doing. */
const WITHDRAWN = ['ABORTED', 'INVALID_ARGUMENT'].map((name) => `ERR_LEAKWATCH_${name}`);

function count(error) {
  if (!error) counts.written += 1;
  else if (REFUSALS.includes(error.code)) counts.refused += 1;
  else if (!WITHDRAWN.includes(error.code)) counts.failed += 1;
}

/** `take`, with what becomes of it counted; of a promise, once it is settled. */
function counted(take) {
  return (...args) => {
    let result;
    try {
      result = take(...args);
    } catch (error) {
      count(error);
      throw error;
    }
    if (!result || typeof result.then !== 'function') count(null);
    else result.then(() => count(null), count);
    return result;
  };
}

module.exports = { count, counted, counts };
