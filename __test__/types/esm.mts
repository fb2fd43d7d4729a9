// The forms of `import`: default, by name, namespace, types alone, subpaths.
import leakwatch, { capabilities, LeakwatchError, promises, start, tick, trend } from 'leakwatch';
import * as namespace from 'leakwatch';
import type { Baseline, Capabilities, SnapshotResult, Thresholds, Trend, Verdict } from 'leakwatch';
import 'leakwatch/register';

const thresholds: Thresholds = { confidence: 0.999 };
const baseline: Baseline = tick('label');
const judged: Trend = trend({ thresholds });
const verdict: Verdict = judged.verdict;
const found: Capabilities = capabilities();
const result: SnapshotResult = await promises.writeSnapshot('a', { compress: 'gzip' });
const settled: Baseline = await leakwatch.promises.tick();
const same: typeof start = namespace.start;
const stats: Record<string, number> = { rss: leakwatch.stats().memory.rss, used: leakwatch.stats().gc.minor.count };
const error: Error = new LeakwatchError();

// @ts-expect-error: not exported
import { histogramm } from 'leakwatch';
// @ts-expect-error: lib is not for users
import 'leakwatch/lib/watch';

export { baseline, error, found, histogramm, result, same, settled, stats, verdict };
