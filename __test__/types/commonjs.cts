// `import = require`, as TypeScript users of CommonJS write it.
import leakwatch = require('leakwatch');
import type { EventEmitter } from 'node:events';

const watch: leakwatch.Watch = leakwatch.start({ window: 8, onLeak: 'capture', snapshotSignal: false });
const emitter: EventEmitter = watch;
const options: leakwatch.StartOptions = watch.options;
watch
  .on('gc', (gc) => gc.type satisfies 'minor' | 'major' | 'incremental' | 'weakcb' | 'other')
  .on('baseline', ({ arrayBuffers }) => arrayBuffers satisfies number | null)
  .once('leak', (trend) => trend.channels.heap?.perTick satisfies number | undefined)
  .once('snapshot', ({ waitedMs }) => waitedMs satisfies number | undefined)
  .on('error', (error) => error.message);

const dispose: () => void = leakwatch.snapshotOnSignal('SIGHUP', { callback: (error, result) => result?.path ?? error?.message });
const sync: string = leakwatch.writeSnapshot();
leakwatch.writeSnapshot((error, path) => error ?? path);
leakwatch.writeSnapshot('a', (error, path) => error ?? path);
leakwatch.writeSnapshot('a', null, (error, path) => error ?? path);
leakwatch.writeSnapshot(null, { compress: 'zstd', signal: new AbortController().signal, onProgress: ({ phase }) => phase });

leakwatch.promises.capture({ mode: 'fork', timeout: 1000 }).then(async (first: leakwatch.Capture) => {
  const second = await leakwatch.promises.capture({ since: [first] });
  const grown: leakwatch.Diff | null = second.diff;
  const revived = { data: Buffer.from(second.data) };
  return [grown, await leakwatch.diff([first, revived]), await leakwatch.summarize(revived)];
});
watch.on('leak', ({ suspects = [], suspectsMissing }) => [suspects.map((suspect) => suspect.sentence), suspectsMissing]);
// @ts-expect-error: a file is no capture
leakwatch.promises.capture({ since: ['a.heapsnapshot'] });

try {
  leakwatch.tick();
} catch (error) {
  if (error instanceof leakwatch.LeakwatchError) error.code satisfies string;
}

// @ts-expect-error: not an option
leakwatch.start({ forceGCEvery: 1 });
// @ts-expect-error: not a value
leakwatch.start({ onLeak: 'explode' });
// @ts-expect-error: a label is a string
leakwatch.tick(1);
// @ts-expect-error: not an event
watch.on('gcs', (gcs: never) => gcs);
// @ts-expect-error: not a signal
leakwatch.snapshotOnSignal('SIGNOSUCH');
// @ts-expect-error: not a compression
leakwatch.writeSnapshot('a', { compress: 'br' });
// @ts-expect-error: options in force are read
watch.options = options;

export { dispose, emitter, sync };

import heapdump = require('leakwatch/compat/heapdump');
import gcStats = require('leakwatch/compat/gc-stats');
import memwatch = require('leakwatch/compat/memwatch');
import { iterate, MemoryLeakError } from 'leakwatch/compat/leakage';
import { toLeak } from 'leakwatch/matchers';

heapdump.writeSnapshot((error, filename) => error ?? filename) satisfies boolean;
gcStats().on('stats', ({ pause, diff }) => pause + diff.usedHeapSize);
memwatch.on('leak', ({ reason }) => reason).on('stats', (stats) => stats.current_base);
new memwatch.HeapDiff().end().change.details[0]?.['+'] satisfies number | undefined;
iterate(() => {}).printSummary('title');
iterate.async(async () => {}, { iterations: 1 }).catch((error) => error instanceof MemoryLeakError);
toLeak(() => {}, { timeMs: 1 }).then(({ pass }) => pass satisfies boolean);
leakwatch.guard(console, { isolate: true, onFinding: ({ read }) => read?.line }).log satisfies typeof console.log;
leakwatch.histogram().map(({ name, count }) => `${name} ${count}`);
leakwatch.check(async () => 1, { thresholds: { floorBytes: 8 } }).then(({ suspects, high }) => [suspects[0]?.sentence, high]);
// @ts-expect-error: not an option
leakwatch.assertNoLeak(() => {}, { iteration: 1 });
// The exporters take what prom-client and OpenTelemetry have, and are optional.
import prometheus = require('leakwatch/prometheus');
import opentelemetry = require('leakwatch/opentelemetry');
const scraped: prometheus.PrometheusExporter = prometheus.exportMetrics({ appVersion: '1.2.3', watch: false });
scraped.stop();
const observed: opentelemetry.OpenTelemetryExporter = opentelemetry.exportMetrics({ conventions: false });
observed.stop();
// @ts-expect-error there is no such option
prometheus.exportMetrics({ register: {} });
