'use strict';
// The calls of this isolate that a copy of the process works for just now: stop() ends them.

const host = require('./host');

// One set for this isolate, however often this file is loaded into a realm.
const KEY = host.keyOf('copies');
if (!process[KEY]) {
  Object.defineProperty(process, KEY, { value: new Set(), configurable: true });
}
const underWay = process[KEY];

/** Notes a call, which `end` gives up; returns what says that it is over. */
function begin(end) {
  underWay.add(end);
  return () => underWay.delete(end);
}

function endAll() {
  for (const end of Array.from(underWay)) end();
}

module.exports = { begin, endAll };
