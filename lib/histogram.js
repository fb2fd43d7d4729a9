'use strict';
// Live objects by constructor, without a snapshot.

const host = require('./host');
const { unavailable } = require('./error');

/** `[{name, count, bytes}]`, the most numerous first. */
function histogram() {
  if (!host.isNative('histogram')) throw unavailable('histogram', host.capabilities.get('histogram').why);
  const counts = new Map();
  const told = host.native.histogram().split('\0');
  for (let at = 0; at + 1 < told.length; at += 2) {
    const count = Number(told[at]);
    if (count > 0) counts.set(told[at + 1], (counts.get(told[at + 1]) || 0) + count);
  }
  // V8 tells no sizes on this walk; a snapshot does.
  const rows = Array.from(counts, ([name, count]) => ({ name, count, bytes: null }));
  return rows.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

module.exports = { histogram };
