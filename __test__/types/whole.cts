// Every value is typed as what it is: a typo in index.d.ts would drop one here.
import leakwatch = require('leakwatch');

type Calls = keyof typeof leakwatch;
const calls: Record<Calls, true> = {
  start: true,
  stop: true,
  tick: true,
  trend: true,
  history: true,
  stats: true,
  gc: true,
  reset: true,
  writeSnapshot: true,
  snapshotOnSignal: true,
  capabilities: true,
  summarize: true,
  diff: true,
  promises: true,
  check: true,
  assertNoLeak: true,
  guard: true,
  histogram: true,
  LeakwatchError: true,
};
const names: Record<keyof leakwatch.Capabilities, leakwatch.Capability> = leakwatch.capabilities();

export { calls, names };
