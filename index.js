'use strict';
// The facade. The addon is loaded at once, so that a missing binary is known at
// require; everything else on first use, so that requiring it costs next to
// nothing.

const { LeakwatchError } = require('./lib/error');

require('./lib/native').load();

const baselines = () => require('./lib/baselines');
const snapshot = () => require('./lib/snapshot');
const trend = () => require('./lib/trend');
const watch = () => require('./lib/watch');

module.exports = {
  start: (options) => watch().start(options),
  stop: () => watch().stop(),
  tick: (label) => baselines().tick(label),
  trend: (options) => trend().trend(options),
  history: () => trend().history(),
  stats: () => trend().stats(),
  gc: () => baselines().gc(),
  reset: () => trend().reset(),
  writeSnapshot: (...args) => snapshot().writeSnapshot(...args),
  snapshotOnSignal: (...args) => require('./lib/signal').snapshotOnSignal(...args),
  summarize: async (path, options) => require('./lib/analysis').summarize(path, options),
  diff: async (paths, options) => require('./lib/analysis').diff(paths, options),
  check: async (fn, options) => require('./lib/check').check(fn, options),
  assertNoLeak: async (fn, options) => require('./lib/check').assertNoLeak(fn, options),
  guard: (object, options) => require('./lib/guard').guard(object, options),
  histogram: () => require('./lib/histogram').histogram(),
  capabilities: () => require('./lib/capabilities').capabilities(),
  promises: {
    tick: async (label) => baselines().settledTick(label),
    writeSnapshot: async (...args) => snapshot().writeSnapshotAsync(...args),
    capture: async (options) => require('./lib/capture').capture(options),
  },
  LeakwatchError,
};
