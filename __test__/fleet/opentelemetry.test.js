'use strict';
// leakwatch/opentelemetry with the SDK's readers: in memory, and as OpenTelemetry's own Prometheus exporter gives it.

const { test } = require('node:test');
const { passes } = require('./support/child');

const SDK = `
const api = require('@opentelemetry/api');
const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const provider = (temporality = AggregationTemporality.CUMULATIVE) => {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  const made = new MeterProvider({ readers: [reader] });
  /** The newest export: {name: [point, ...]}. */
  const collect = async () => {
    exporter.reset();
    await reader.forceFlush();
    const found = {};
    for (const { scopeMetrics } of exporter.getMetrics()) {
      for (const { scope, metrics } of scopeMetrics) {
        assert.strictEqual(scope.name, 'leakwatch');
        for (const metric of metrics) found[metric.descriptor.name] = metric;
      }
    }
    return found;
  };
  return { provider: made, collect };
};
/** The value of the point with these attributes. */
const value = (metric, attributes = {}) => {
  const keys = Object.keys(attributes);
  const points = metric.dataPoints.filter((point) => keys.every((key) => point.attributes[key] === attributes[key]));
  assert.strictEqual(points.length, 1, JSON.stringify(metric.dataPoints.map((point) => point.attributes)));
  return points[0].value;
};
`;

test('tells what leakwatch knows, under the global provider', () =>
  passes(`${SDK}
    const { provider: made, collect } = provider();
    api.metrics.setGlobalMeterProvider(made);
    opentelemetry.exportMetrics();
    leak();
    const found = await collect();
    const trend = leakwatch.trend();
    const newest = leakwatch.history().baselines.pop();
    assert.strictEqual(value(found['leakwatch.watching']), 1);
    assert.strictEqual(value(found['leakwatch.verdict'], { channel: 'heap', verdict: 'leaking' }), 1);
    assert.strictEqual(value(found['leakwatch.verdict'], { channel: 'heap', verdict: 'steady' }), 0);
    assert.strictEqual(value(found['leakwatch.baseline'], { channel: 'heap' }), newest.heapUsed);
    assert.strictEqual(value(found['leakwatch.baseline'], { channel: 'arrayBuffers' }), newest.arrayBuffers);
    assert.strictEqual(value(found['leakwatch.contexts'], { state: 'native' }), newest.nativeContexts);
    assert.strictEqual(value(found['leakwatch.slope'], { channel: 'heap' }), trend.channels.heap.perSecond);
    assert.strictEqual(value(found['leakwatch.confidence'], { channel: 'heap' }), trend.channels.heap.confidence);
    assert.ok(value(found['leakwatch.time_to_limit'], { channel: 'heap' }) <= trend.channels.heap.timeToLimitMs / 1000);
    assert.strictEqual(value(found['leakwatch.snapshots'], { outcome: 'written' }), 0);
    assert.strictEqual(value(found['leakwatch.baselines']), 30);
  `));

test("has the semantic conventions' names, units, kinds and boundaries", () =>
  passes(`${SDK}
    const names = require('@opentelemetry/semantic-conventions/incubating');
    const { provider: made, collect } = provider();
    opentelemetry.exportMetrics({ meterProvider: made, api });
    leakwatch.tick();
    const found = await collect();
    const expected = {
      METRIC_V8JS_MEMORY_HEAP_USED: 'By', METRIC_V8JS_MEMORY_HEAP_SPACE_SIZE: 'By', METRIC_V8JS_MEMORY_HEAP_SPACE_AVAILABLE_SIZE: 'By',
      METRIC_V8JS_MEMORY_HEAP_SPACE_PHYSICAL_SIZE: 'By', METRIC_PROCESS_MEMORY_USAGE: 'By', METRIC_V8JS_GC_DURATION: 's',
    };
    for (const [constant, unit] of Object.entries(expected)) {
      assert.ok(found[names[constant]], constant);
      assert.strictEqual(found[names[constant]].descriptor.unit, unit, constant);
    }
    const spaces = require('v8').getHeapSpaceStatistics().map(({ space_name }) => space_name).sort();
    const used = found[names.METRIC_V8JS_MEMORY_HEAP_USED];
    assert.deepStrictEqual(used.dataPoints.map(({ attributes }) => attributes[names.ATTR_V8JS_HEAP_SPACE_NAME]).sort(), spaces);
    const major = value(found[names.METRIC_V8JS_GC_DURATION], { [names.ATTR_V8JS_GC_TYPE]: names.V8JS_GC_TYPE_VALUE_MAJOR });
    assert.deepStrictEqual(major.buckets.boundaries, [0.01, 0.1, 1, 10]);
    const own = Object.keys(found).filter((name) => !name.startsWith('leakwatch.'));
    for (const name of own) assert.ok(Object.values(names).includes(name), name + ' is no convention');
  `));

test('every pause once, in each of several readers, however often they collect', () =>
  passes(
    `${SDK}
    const exporters = [AggregationTemporality.CUMULATIVE, AggregationTemporality.DELTA].map((temporality) => new InMemoryMetricExporter(temporality));
    const readers = exporters.map((exporter) => new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 }));
    opentelemetry.exportMetrics({ api, meterProvider: new MeterProvider({ readers }) });
    const totals = [0, 0];
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5000; i++) global.gc({ type: 'minor' });
      for (const [at, reader] of readers.entries()) {
        exporters[at].reset();
        await reader.forceFlush();
        const metrics = exporters[at].getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
        const { dataPoints } = metrics.find(({ descriptor }) => descriptor.name === 'v8js.gc.duration');
        const { count, sum } = dataPoints.find(({ attributes }) => attributes['v8js.gc.type'] === 'minor').value;
        totals[at] = at === 0 ? count : totals[at] + count;
        assert.ok(sum > 0);
      }
    }
    const { minor } = leakwatch.stats().gc;
    assert.ok(minor.count >= 15000);
    // The last to collect has seen all; the first, what there was when it did.
    assert.ok(totals[0] >= 15000 && totals[0] <= minor.count, String(totals));
    assert.ok(totals[1] >= totals[0] && totals[1] <= minor.count, String(totals));
  `,
    { args: ['--expose-gc'] }
  ));

test("OpenTelemetry's own Prometheus exporter serves it", () =>
  passes(`${SDK}
    const http = require('http');
    const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');
    const reader = new PrometheusExporter({ preventServerStart: true });
    opentelemetry.exportMetrics({ api, meterProvider: new MeterProvider({ readers: [reader] }) });
    leak();
    const server = http.createServer((request, response) => reader.getMetricsRequestHandler(request, response));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const text = await new Promise((resolve, reject) => http.get({ port: server.address().port, host: '127.0.0.1' }, (response) => {
      let body = '';
      response.on('data', (part) => (body += part)).on('end', () => resolve(body));
    }).on('error', reject));
    server.close();
    assert.match(text, /^leakwatch_verdict\\{[^}]*channel="heap"[^}]*verdict="leaking"[^}]*\\} 1/m);
    assert.match(text, /^v8js_gc_duration(_seconds)?_count\\{[^}]*v8js_gc_type="major"[^}]*\\} \\d+/m);
  `));

test('once for a provider; stop() ends it', () =>
  passes(`${SDK}
    const { provider: made, collect } = provider();
    const exporter = opentelemetry.exportMetrics({ api, meterProvider: made });
    assert.strictEqual(opentelemetry.exportMetrics({ api, meterProvider: made }), exporter);
    for (const file of Object.keys(require.cache)) if (file.startsWith(ROOT + '/lib') || file.startsWith(ROOT + '/opentelemetry')) delete require.cache[file];
    assert.strictEqual(require(ROOT + '/opentelemetry').exportMetrics({ api, meterProvider: made }), exporter);
    leakwatch.tick();
    assert.strictEqual(value((await collect())['leakwatch.baselines']), 1);
    exporter.stop();
    leakwatch.tick();
    // The SDK goes on giving what it was told last.
    const last = (await collect())['leakwatch.baselines'];
    assert.ok(last === undefined || value(last) === 1, 'nothing is observed any more');
    assert.notStrictEqual(opentelemetry.exportMetrics({ api, meterProvider: made }), exporter);
  `));

test('without the conventions, only what is ours', () =>
  passes(`${SDK}
    const { provider: made, collect } = provider();
    opentelemetry.exportMetrics({ api, meterProvider: made, conventions: false });
    leakwatch.tick();
    assert.deepStrictEqual(Object.keys(await collect()).filter((name) => !name.startsWith('leakwatch.')), []);
  `));

test('without a meter provider, or with none that is one, the error says what to do', () =>
  passes(`${SDK}
    assert.throws(() => opentelemetry.exportMetrics(), (error) => {
      assert.strictEqual(error.code, 'ERR_LEAKWATCH_NO_METER_PROVIDER');
      assert.match(error.message, /setGlobalMeterProvider/);
      return error instanceof leakwatch.LeakwatchError;
    });
    const invalid = (option) => ({ code: 'ERR_LEAKWATCH_INVALID_ARGUMENT', option });
    for (const meterProvider of [null, {}, 'x', 1]) assert.throws(() => opentelemetry.exportMetrics({ meterProvider }), invalid('meterProvider'));
    for (const given of [null, {}, 'x']) assert.throws(() => opentelemetry.exportMetrics({ api: given }), invalid('api'));
  `));

for (const encoding of ['http', 'proto']) {
  test(`an OTLP endpoint gets it from OpenTelemetry's own exporter, encoded as ${encoding === 'http' ? 'JSON' : 'protobuf'}`, () =>
    passes(`${SDK}
      const http = require('http');
      const { OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-${encoding}');
      const requests = [];
      const server = http.createServer((request, response) => {
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('end', () => {
          requests.push({ url: request.url, type: request.headers['content-type'], body: Buffer.concat(parts) });
          response.setHeader('content-type', request.headers['content-type']);
          response.end('${encoding === 'http' ? '{}' : ''}');
        });
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = 'http://127.0.0.1:' + server.address().port + '/v1/metrics';
      const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url }), exportIntervalMillis: 2 ** 30 });
      opentelemetry.exportMetrics({ meterProvider: new MeterProvider({ readers: [reader] }) });
      leak();
      await reader.forceFlush();
      server.close();
      assert.strictEqual(requests.length, 1);
      const [{ url: target, type, body }] = requests;
      assert.strictEqual(target, '/v1/metrics');
      if (${encoding === 'proto'}) {
        assert.strictEqual(type, 'application/x-protobuf');
        for (const text of ['leakwatch.verdict', 'leaking', 'leakwatch.time_to_limit', 'v8js.gc.duration']) assert.ok(body.includes(text), text);
      } else {
        const [{ scopeMetrics: [{ scope, metrics }] }] = JSON.parse(body).resourceMetrics;
        assert.strictEqual(scope.name, 'leakwatch');
        const points = (name) => {
          const { gauge, sum, histogram } = metrics.find((metric) => metric.name === name);
          return (gauge || sum || histogram).dataPoints;
        };
        const of = ({ attributes }, key) => attributes.find((attribute) => attribute.key === key).value.stringValue;
        const [leaking] = points('leakwatch.verdict').filter((point) => of(point, 'channel') === 'heap' && of(point, 'verdict') === 'leaking');
        assert.strictEqual(Number(leaking.asInt === undefined ? leaking.asDouble : leaking.asInt), 1);
        const counted = points('v8js.gc.duration').reduce((total, { count }) => total + Number(count), 0);
        assert.ok(counted >= 30, String(counted));
      }
    `));
}
