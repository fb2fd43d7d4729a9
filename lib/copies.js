'use strict';
// The calls of this isolate that a copy of the process works for just now: stop() ends them.

const host = require('./host');
const { fromOutcome, stopped } = require('./error');

// One set for this isolate, however often this file is loaded into a realm.
const KEY = host.keyOf('copies');
if (!process[KEY]) {
  Object.defineProperty(process, KEY, { value: new Set(), configurable: true });
}
const underWay = process[KEY];

/** Notes a call, which `abort` gives up. What comes back says, once it is over, why it failed: with null it did not. */
function begin(abort) {
  let isStopped = false;
  const end = () => {
    isStopped = true;
    abort();
  };
  underWay.add(end);
  return (error) => {
    underWay.delete(end);
    if (!error) return null;
    return isStopped ? stopped() : fromOutcome(error);
  };
}

function endAll() {
  for (const end of Array.from(underWay)) end();
}

module.exports = { begin, endAll };
