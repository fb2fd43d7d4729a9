'use strict';
// A Fastify service, watched in one of several ways, as `args.variant` says. Its metrics are at /metrics.
//
// {variant, options}: 'plain', 'leakwatch', 'leakwatch-otel', 'prom-client', 'runtime-node'. Answers 'figures' with its CPU
// time and requests so far, and 'state' with what leakwatch knows.

const fastify = require('fastify');
const { args, cpuMicros, leakwatch, ROOT, send } = require('../support/program');

/** Sessions kept: full early on, so that the service is steady. */
const SESSIONS = 2000;

/** A meter provider whose reader answers /metrics. */
function openTelemetry() {
  const { MeterProvider } = require('@opentelemetry/sdk-metrics');
  const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  const handler = (request, reply) => {
    reply.hijack();
    reader.getMetricsRequestHandler(request.raw, reply.raw);
  };
  return { provider, handler };
}

function promClient() {
  const client = require('prom-client');
  return { client, handler: async (_request, reply) => reply.type(client.register.contentType).send(await client.register.metrics()) };
}

const VARIANTS = {
  plain: () => null,
  leakwatch: () => {
    leakwatch().start({ control: true, ...args.options });
    const { client, handler } = promClient();
    require(`${ROOT}/prometheus`).exportMetrics({ client });
    return handler;
  },
  'leakwatch-otel': () => {
    leakwatch().start(args.options);
    const { provider, handler } = openTelemetry();
    require(`${ROOT}/opentelemetry`).exportMetrics({ api: require('@opentelemetry/api'), meterProvider: provider });
    return handler;
  },
  'prom-client': () => {
    const { client, handler } = promClient();
    client.collectDefaultMetrics();
    return handler;
  },
  'runtime-node': () => {
    const { RuntimeNodeInstrumentation } = require('@opentelemetry/instrumentation-runtime-node');
    const { provider, handler } = openTelemetry();
    const instrumentation = new RuntimeNodeInstrumentation();
    instrumentation.setMeterProvider(provider);
    instrumentation.enable();
    return handler;
  },
};

const metrics = VARIANTS[args.variant]();
let requests = 0;
const sessions = new Map();

/** One of the last users, and what a page about them needs for a moment. */
function session(id) {
  const found = { id, name: `user ${id}`, items: Array.from({ length: 40 }, (_, i) => ({ sku: `${id}-${i}`, price: i * 1.5 })) };
  sessions.delete(id);
  sessions.set(id, found);
  if (sessions.size > SESSIONS) sessions.delete(sessions.keys().next().value);
  return found;
}

const app = fastify({ logger: false });
app.get('/', () => {
  requests += 1;
  return { hello: 'world' };
});
app.get('/session', () => {
  requests += 1;
  return session(Math.floor(Math.random() * 2 * SESSIONS));
});
if (metrics) app.get('/metrics', metrics);

process.on('message', (wanted) => {
  if (wanted === 'figures') {
    send('figures', { cpu: cpuMicros(), requests, rss: process.memoryUsage().rss });
    return;
  }
  const tool = leakwatch();
  send('state', { baselines: tool.stats().baselines, trend: tool.trend() });
});

app.listen({ port: 0, host: '127.0.0.1' }).then(() => send('listening', app.server.address().port));
