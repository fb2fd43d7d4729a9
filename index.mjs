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
  capabilities,
  promises,
  LeakwatchError,
} = leakwatch;
