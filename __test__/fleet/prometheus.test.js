'use strict';
// leakwatch/prometheus with prom-client 14 and 15.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { describe, test } = require('node:test');
const { passes } = require('./support/child');

const CLIENTS = ['prom-client', 'prom-client-14'];

for (const name of CLIENTS) {
  const CLIENT = `const client = require('${name}');\n`;

  describe(name, () => {
    test('tells baseline, slope, confidence, time to the limit and one verdict a channel', () =>
      passes(`${CLIENT}
        prometheus.exportMetrics({ client, appVersion: '1.2.3' });
        const before = parse(await client.register.metrics());
        assert.strictEqual(before['leakwatch_watching'], 1, 'it began to watch');
        assert.strictEqual(before['leakwatch_verdict{channel="heap",verdict="insufficient"}'], 1);
        assert.strictEqual(before['leakwatch_baseline_bytes{channel="heap"}'], undefined, 'none yet');
        leak();
        const found = parse(await client.register.metrics());
        const trend = leakwatch.trend();
        const newest = leakwatch.history().baselines.pop();
        assert.strictEqual(trend.verdict, 'leaking');
        for (const channel of ['heap', 'external', 'contexts', 'rss']) {
          const states = ['insufficient', 'steady', 'growing', 'leaking'];
          for (const verdict of states) {
            const value = found['leakwatch_verdict{channel="' + channel + '",verdict="' + verdict + '"}'];
            assert.strictEqual(value, Number(trend.channels[channel].verdict === verdict), channel + ' ' + verdict);
          }
          assert.strictEqual(found['leakwatch_confidence_ratio{channel="' + channel + '"}'], trend.channels[channel].confidence);
        }
        assert.strictEqual(found['leakwatch_baseline_bytes{channel="heap"}'], newest.heapUsed);
        assert.strictEqual(found['leakwatch_baseline_bytes{channel="external"}'], newest.external);
        assert.strictEqual(found['leakwatch_baseline_bytes{channel="arrayBuffers"}'], newest.arrayBuffers);
        assert.strictEqual(found['leakwatch_baseline_bytes{channel="rss"}'], newest.rss);
        assert.strictEqual(found['leakwatch_slope_bytes_per_second{channel="heap"}'], trend.channels.heap.perSecond);
        assert.strictEqual(found['leakwatch_slope_contexts_per_second'], trend.channels.contexts.perSecond);
        assert.strictEqual(found['leakwatch_contexts{state="native"}'], newest.nativeContexts);
        assert.strictEqual(found['leakwatch_contexts{state="detached"}'], newest.detachedContexts);
        const left = found['leakwatch_time_to_limit_seconds{channel="heap"}'];
        assert.ok(left >= 0 && left <= trend.channels.heap.timeToLimitMs / 1000, 'time goes by: ' + left);
        assert.strictEqual(found['leakwatch_time_to_limit_seconds{channel="contexts"}'], undefined);
        assert.strictEqual(found['leakwatch_heap_limit_bytes'], leakwatch.stats().heap.heapSizeLimit);
        assert.strictEqual(found['leakwatch_baselines_total'], 30);
        const info = Object.keys(found).find((key) => key.startsWith('leakwatch_build_info'));
        assert.match(info, /app_version="1.2.3"/);
        assert.ok(info.includes(process.version), info);
      `));

    test('counts every pause, more than the ring holds, over stop and start, and never backwards', () =>
      passes(
        `${CLIENT}
        prometheus.exportMetrics({ client });
        const count = (found, type) => found['leakwatch_gc_duration_seconds_count{type="' + type + '"}'];
        const minor = () => { for (let i = 0; i < 1000; i++) global.gc({ type: 'minor' }); };
        const scrape = async () => parse(await client.register.metrics());
        const first = await scrape();
        for (let i = 0; i < 6; i++) minor();
        const second = await scrape();
        assert.ok(count(second, 'minor') - count(first, 'minor') >= 6000, 'the ring holds 4,096: ' + count(second, 'minor'));
        leakwatch.stop();
        const stopped = await scrape();
        assert.strictEqual(stopped.leakwatch_watching, 0);
        minor();
        assert.strictEqual(count(await scrape(), 'minor'), count(stopped, 'minor'), 'not watched, not counted');
        leakwatch.start();
        minor();
        leakwatch.reset();
        const last = await scrape();
        assert.ok(count(last, 'minor') >= count(stopped, 'minor') + 1000);
        for (const type of ['minor', 'major', 'incremental', 'weakcb']) {
          const buckets = Object.keys(last).filter((key) => key.startsWith('leakwatch_gc_duration_seconds_bucket') && key.includes('type="' + type + '"'));
          assert.strictEqual(buckets.length, 10);
          const values = buckets.map((key) => last[key]);
          assert.deepStrictEqual(values, values.slice().sort((a, b) => a - b), 'buckets are cumulative');
          assert.strictEqual(values[values.length - 1], count(last, type), 'the last is all of them');
        }
        const sum = last['leakwatch_gc_duration_seconds_sum{type="minor"}'];
        assert.ok(sum > 0 && sum < 1e-1 * count(last, 'minor'), sum);
        const counted = leakwatch.stats().gc;
        assert.strictEqual(counted.minor.count, count(await scrape(), 'minor'), 'as stats() says');
      `,
        { args: ['--expose-gc'] }
      ));

    test('counts snapshots that were written, refused and failed', () =>
      passes(`${CLIENT}
        prometheus.exportMetrics({ client });
        const fs = require('fs'), path = require('path');
        const folder = fs.mkdtempSync(path.join(require('os').tmpdir(), 'leakwatch-fleet-'));
        process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
        const outcomes = async () => {
          const found = parse(await client.register.metrics());
          return ['written', 'refused', 'failed'].map((outcome) => found['leakwatch_snapshots_total{outcome="' + outcome + '"}']);
        };
        assert.deepStrictEqual(await outcomes(), [0, 0, 0]);
        leakwatch.writeSnapshot(path.join(folder, 'a.heapsnapshot'));
        await leakwatch.promises.writeSnapshot(path.join(folder, 'b.heapsnapshot'));
        assert.deepStrictEqual(await outcomes(), [2, 0, 0]);
        assert.throws(() => leakwatch.writeSnapshot(path.join(folder, 'nowhere', 'c.heapsnapshot')));
        await assert.rejects(leakwatch.promises.writeSnapshot(path.join(folder, 'nowhere', 'c.heapsnapshot')));
        assert.deepStrictEqual(await outcomes(), [2, 0, 2]);
        let tried = false;
        const onProgress = ({ phase }) => {
          if (phase !== 'write' || tried) return;
          tried = true;
          assert.throws(() => leakwatch.writeSnapshot(folder + path.sep), { code: 'ERR_LEAKWATCH_BUSY' });
        };
        leakwatch.writeSnapshot(path.join(folder, 'd.heapsnapshot'), { mode: 'inline', onProgress });
        assert.ok(tried);
        assert.deepStrictEqual(await outcomes(), [3, 1, 2]);
        assert.throws(() => leakwatch.writeSnapshot(1), { code: 'ERR_LEAKWATCH_INVALID_ARGUMENT' });
        assert.deepStrictEqual(await outcomes(), [3, 1, 2], 'a wrong argument is no snapshot');
      `));

    test('registers once in a registry, and in as many as there are', () =>
      passes(`${CLIENT}
        const one = prometheus.exportMetrics({ client });
        assert.strictEqual(prometheus.exportMetrics({ client }), one);
        assert.strictEqual(prometheus.exportMetrics({ registry: client.register }), one);
        const registry = new client.Registry();
        const other = prometheus.exportMetrics({ registry });
        assert.notStrictEqual(other, one);
        // A test runner evaluates modules anew for each file; the registry may be the same.
        for (const file of Object.keys(require.cache)) if (file.startsWith(ROOT + '/lib') || file.startsWith(ROOT + '/prometheus')) delete require.cache[file];
        assert.strictEqual(require(ROOT + '/prometheus').exportMetrics({ registry }), other);
        other.stop();
        assert.strictEqual((await registry.metrics()).trim(), '');
        assert.ok((await client.register.metrics()).includes('leakwatch_watching 1'), 'the other goes on');
        const again = prometheus.exportMetrics({ registry });
        assert.ok((await registry.metrics()).includes('leakwatch_watching 1'));
        registry.resetMetrics();
        again.stop();
        registry.clear();
      `));

    test('a name that is taken is said so, and nothing is half done', () =>
      passes(`${CLIENT}
        new client.Gauge({ name: 'leakwatch_contexts', help: 'of someone else' });
        assert.throws(() => prometheus.exportMetrics({ client }), (error) => {
          assert.strictEqual(error.code, 'ERR_LEAKWATCH_NAME_TAKEN');
          assert.match(error.message, /leakwatch_contexts/);
          return error instanceof leakwatch.LeakwatchError;
        });
        assert.deepStrictEqual(client.register.getMetricsAsArray().map(({ name }) => name), ['leakwatch_contexts']);
      `));

    test('does not collide with the default metrics, and keeps default labels', () =>
      passes(`${CLIENT}
        client.collectDefaultMetrics();
        prometheus.exportMetrics({ client });
        client.register.setDefaultLabels({ worker: '7' });
        const found = parse(await client.register.metrics());
        const own = Object.keys(found).filter((key) => key.startsWith('leakwatch_'));
        assert.ok(own.length > 50 && own.every((key) => key.includes('worker="7"')));
        assert.ok(Object.keys(found).some((key) => key.startsWith('nodejs_gc_duration_seconds') || key.startsWith('nodejs_heap_size')));
      `));

    test('a cluster: the primary adds up and takes the worst', () =>
      passes(`${CLIENT}
        const cluster = require('cluster');
        const registry = new client.AggregatorRegistry();
        const script = require('path').join(ROOT, '__test__', 'fleet', 'programs', 'cluster-worker.js');
        cluster.setupMaster({ exec: script });
        const workers = [true, false].map((leaks) => cluster.fork({ LEAKS: leaks ? '1' : '', CLIENT: '${name}' }));
        await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', (m) => m === 'ready' && resolve()))));
        const found = parse(await registry.clusterMetrics());
        assert.strictEqual(found['leakwatch_watching'], 2);
        assert.strictEqual(found['leakwatch_verdict{channel="heap",verdict="leaking"}'], 1, 'one of the two');
        const own = await Promise.all(workers.map((worker) => new Promise((resolve) => {
          worker.on('message', (m) => m.baseline && resolve(m.baseline));
          worker.send('baseline');
        })));
        assert.strictEqual(found['leakwatch_baseline_bytes{channel="heap"}'], Math.max(...own), 'the larger one');
        assert.strictEqual(found['leakwatch_baselines_total'], 60);
        for (const worker of workers) worker.kill();
      `));
  });
}

const CLIENT = `const client = require('prom-client');\n`;

test('OpenMetrics: counters end in _total, and the end is marked', () =>
  passes(`${CLIENT}
    const registry = new client.Registry(client.Registry.OPENMETRICS_CONTENT_TYPE);
    const exporter = prometheus.exportMetrics({ registry });
    for (let i = 0; i < 2; i++) {
      const text = await registry.metrics();
      assert.match(text, /^# TYPE leakwatch_baselines counter\\nleakwatch_baselines_total 0$/m);
      assert.match(text, /^leakwatch_snapshots_total\\{outcome="written"\\} 0$/m);
      assert.ok(text.endsWith('# EOF\\n'));
    }
    exporter.stop();
    assert.strictEqual(registry.getMetricsAsArray().length, 0);
  `));

test('a worker has metrics of its own, which the main thread can join', () =>
  passes(`${CLIENT}
    const { Worker } = require('worker_threads');
    prometheus.exportMetrics({ client });
    const worker = new Worker(\`
      const { parentPort } = require('worker_threads');
      const client = require('prom-client');
      const leakwatch = require(\${JSON.stringify(ROOT)});
      require(\${JSON.stringify(ROOT + '/prometheus')}).exportMetrics({ client });
      const kept = [];
      for (let i = 0; i < 30; i++) { kept.push(new Array(1e5).fill(i + 0.5)); leakwatch.tick(); }
      client.register.getMetricsAsJSON().then((metrics) => parentPort.postMessage(metrics));
    \`, { eval: true });
    const [metrics] = await require('events').once(worker, 'message');
    const own = await client.register.getMetricsAsJSON();
    const value = (from) => from.find(({ name }) => name === 'leakwatch_baselines_total').values[0].value;
    assert.deepStrictEqual([value(own), value(metrics)], [0, 30], 'each for itself');
    const joined = client.AggregatorRegistry.aggregate([own, metrics]);
    const found = parse(await joined.metrics());
    assert.strictEqual(found['leakwatch_verdict{channel="heap",verdict="leaking"}'], 1);
    assert.strictEqual(found['leakwatch_watching'], 2);
  `));

test('without prom-client the error says what to do', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-fleet-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  await passes(
    `
    for (const [exporter, peer] of [[prometheus, 'prom-client'], [opentelemetry, '@opentelemetry/api']]) {
      assert.throws(() => exporter.exportMetrics(), (error) => {
        assert.strictEqual(error.code, 'ERR_LEAKWATCH_MISSING_PEER');
        assert.ok(error.message.includes('npm install ' + peer) && error.message.includes("require('" + peer + "')"), error.message);
        return error instanceof leakwatch.LeakwatchError;
      });
    }
    assert.strictEqual(leakwatch.history().gcs.length, 0);
  `,
    { cwd: folder }
  );
});

test('a client or registry that is none is refused by name', () =>
  passes(`
    const invalid = (option) => ({ code: 'ERR_LEAKWATCH_INVALID_ARGUMENT', option });
    for (const registry of [null, {}, 'x', 1, []]) assert.throws(() => prometheus.exportMetrics({ registry }), invalid('registry'));
    for (const client of [null, {}, 'x']) assert.throws(() => prometheus.exportMetrics({ client }), invalid('client'));
    assert.throws(() => prometheus.exportMetrics({ register: {} }), invalid('register'));
    assert.throws(() => prometheus.exportMetrics({ appVersion: 7 }), invalid('appVersion'));
  `));

test('watches only if it is to, and reads without watching', () =>
  passes(`${CLIENT}
    prometheus.exportMetrics({ client, watch: false });
    assert.strictEqual(parse(await client.register.metrics()).leakwatch_watching, 0);
    leakwatch.start({ window: 50 });
    const registry = new client.Registry();
    prometheus.exportMetrics({ registry });
    assert.strictEqual(leakwatch.start().options.window, 50, 'options of an earlier start stay');
  `));

test('the number of series is bounded, whatever happens', () =>
  passes(`${CLIENT}
    prometheus.exportMetrics({ client });
    leak(20);
    const vm = require('vm');
    const contexts = Array.from({ length: 30 }, (_, i) => vm.createContext({ i }));
    leakwatch.tick('a label of the user');
    const found = Object.keys(parse(await client.register.metrics()));
    assert.ok(found.length <= 100, found.length + ' series');
    assert.ok(contexts.length && !found.some((key) => key.includes('label of the user')));
  `));

test('nothing runs between scrapes: no timer, no listener, no handle', () =>
  passes(`${CLIENT}
    leakwatch.start();
    const handles = () => process.getActiveResourcesInfo().length;
    const listeners = () => process.eventNames().map((name) => [name, process.listenerCount(name)]);
    const before = [handles(), listeners()];
    prometheus.exportMetrics({ client });
    await client.register.metrics();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepStrictEqual([handles(), listeners()], before);
  `));
