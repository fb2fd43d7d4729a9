'use strict';
// CPU time of scrapes, in microseconds: with a new baseline since the last, and without.
//
// {variant}: {series, bytes, gzip, cold, warm, sample}

const zlib = require('zlib');
const { ROOT, args, cpuMicros, leakwatch, main, turn } = require('../support/program');

const TIMES = 300;
const COLD = 20;

function text() {
  if (args.variant === 'leakwatch' || args.variant === 'prom-client') {
    const client = require('prom-client');
    if (args.variant === 'prom-client') client.collectDefaultMetrics();
    else require(`${ROOT}/prometheus`).exportMetrics({ client });
    return () => client.register.metrics();
  }
  const { MeterProvider } = require('@opentelemetry/sdk-metrics');
  const { PrometheusExporter, PrometheusSerializer } = require('@opentelemetry/exporter-prometheus');
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  if (args.variant === 'leakwatch-otel') {
    require(`${ROOT}/opentelemetry`).exportMetrics({ api: require('@opentelemetry/api'), meterProvider: provider });
  } else {
    const { RuntimeNodeInstrumentation } = require('@opentelemetry/instrumentation-runtime-node');
    const instrumentation = new RuntimeNodeInstrumentation();
    instrumentation.setMeterProvider(provider);
    instrumentation.enable();
  }
  const serializer = new PrometheusSerializer();
  return async () => serializer.serialize((await reader.collect()).resourceMetrics);
}

main(async () => {
  const ours = args.variant.startsWith('leakwatch');
  const scrape = text();
  for (let i = 0; i < 3000; i++) global.gc({ type: 'minor' });
  const kept = [];
  for (let i = 0; ours && i < 240; i++) {
    kept.push(new Array(1000).fill(i + 0.5));
    leakwatch().tick();
  }
  for (let i = 0; i < 50; i++) await scrape();
  const body = await scrape();
  let cold = 0;
  for (let i = 0; i < COLD; i++) {
    if (ours) leakwatch().tick();
    else global.gc();
    await turn();
    const before = cpuMicros();
    await scrape();
    cold += cpuMicros() - before;
  }
  const before = cpuMicros();
  for (let i = 0; i < TIMES; i++) await scrape();
  const warm = cpuMicros() - before;
  let sample = NaN;
  if (ours) {
    const reading = require(`${ROOT}/lib/sample`);
    const start = cpuMicros();
    for (let i = 0; i < TIMES; i++) reading.sample();
    sample = (cpuMicros() - start) / TIMES;
  }
  return {
    series: body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
    bytes: Buffer.byteLength(body),
    gzip: zlib.gzipSync(body).length,
    cold: cold / COLD,
    warm: warm / TIMES,
    sample,
  };
});
