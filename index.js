'use strict';

const { start, stop } = require('./lib/watch');
const { gc, settledTick, tick } = require('./lib/baselines');
const { history, reset, stats, trend } = require('./lib/trend');
const { writeSnapshot, writeSnapshotAsync } = require('./lib/snapshot');
const { snapshotOnSignal } = require('./lib/signal');
const { capabilities } = require('./lib/capabilities');
const { LeakwatchError } = require('./lib/error');

module.exports = {
  start,
  stop,
  tick,
  trend,
  history,
  stats,
  gc,
  reset,
  writeSnapshot,
  snapshotOnSignal,
  capabilities,
  promises: { tick: settledTick, writeSnapshot: writeSnapshotAsync },
  LeakwatchError,
};
