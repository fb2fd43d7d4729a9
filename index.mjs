import leakwatch from './index.js';

export default leakwatch;
export const {
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
  summarize,
  diff,
  check,
  assertNoLeak,
  guard,
  histogram,
  capabilities,
  promises,
  LeakwatchError,
} = leakwatch;
