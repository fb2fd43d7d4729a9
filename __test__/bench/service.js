'use strict';
// Throughput and latency of a Fastify service: not watched, watched and exported, and with what others export.

const autocannon = require('autocannon');
const http = require('http');
const { message, start } = require('./support/child');
const { interval, median, quantile, ratios } = require('./support/statistics');
const { number, range } = require('./support/table');

const VARIANTS = ['plain', 'leakwatch', 'leakwatch-otel', 'prom-client', 'runtime-node'];
const FRESH = 4;
const ROUNDS = 6;
/** A second's worth or two on a quiet machine; a number, so that a busy one does as much. */
const REQUESTS = Number(process.env.LEAKWATCH_BENCH_REQUESTS) || 20000;

function figures(server) {
  const answer = message(server, 'figures');
  server.send('figures');
  return answer;
}

function scrape(port) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/metrics' }, (response) => response.resume().on('end', resolve));
    request.on('error', reject);
  });
}

/** Requests a second, the server's CPU for each in µs, and the 99th percentile of latency in ms. */
async function round({ server, port, variant }) {
  const before = await figures(server);
  const times = [];
  const begun = process.hrtime.bigint();
  const load = autocannon({ url: `http://127.0.0.1:${port}/`, connections: 10, amount: REQUESTS });
  load.on('response', (_client, _status, _bytes, ms) => times.push(ms));
  // Far more often than anyone scrapes: half a minute is usual.
  if (variant !== 'plain') await scrape(port);
  await load;
  const elapsed = Number(process.hrtime.bigint() - begun) / 1e9;
  const after = await figures(server);
  const requests = after.requests - before.requests;
  return { rate: requests / elapsed, cpu: (after.cpu - before.cpu) / requests, p99: quantile(times, 0.99) };
}

async function generation(found, log) {
  const servers = [];
  try {
    for (const variant of VARIANTS) {
      const server = start('service', { variant });
      servers.push({ variant, server, port: await message(server, 'listening') });
    }
    for (const each of servers.concat(servers)) await round(each);
    for (let at = 0; at < ROUNDS; at++) {
      log(`round ${at + 1} of ${ROUNDS}`);
      // Each begins as often as any other: what runs beside changes with time.
      const order = servers.slice(at % servers.length).concat(servers.slice(0, at % servers.length));
      for (const each of order) found[each.variant].push(await round(each));
    }
  } finally {
    for (const { server } of servers) server.kill();
    await Promise.all(servers.map(({ server }) => server.ended));
  }
}

async function bench({ log }) {
  const found = {};
  for (const variant of VARIANTS) found[variant] = [];
  // Processes differ by where their code came to lie, so there are several of each.
  for (let at = 0; at < FRESH; at++) await generation(found, (text) => log(`processes ${at + 1} of ${FRESH}, ${text}`));
  const of = (variant, what) => found[variant].map((one) => one[what]);
  const against = (variant, what) => ratios(of(variant, what), of('plain', what));
  const rows = VARIANTS.map((variant) => {
    const cells = [variant, number(median(of(variant, 'rate')), 0), number(median(of(variant, 'cpu')), 1), number(median(of(variant, 'p99')), 2)];
    if (variant === 'plain') return [...cells, '1', null, '1', '1'];
    const rate = against(variant, 'rate');
    return [
      ...cells,
      number(median(rate), 3),
      range(interval(rate), 3),
      number(median(against(variant, 'cpu')), 3),
      number(median(against(variant, 'p99')), 2),
    ];
  });
  const rate = against('leakwatch', 'rate');
  const cpu = ratios(of('plain', 'cpu'), of('leakwatch', 'cpu'));
  const p99 = against('leakwatch', 'p99');
  return {
    tables: [{ head: ['', 'requests/s', 'CPU µs each', 'p99 ms', 'rate ÷ plain', '95 %', 'CPU ÷ plain', 'p99 ÷ plain'], rows }],
    targets: [
      { what: 'requests per second, with leakwatch and its exporter ÷ without', value: median(rate), spread: interval(rate), digits: 3, least: 0.99 },
      { what: 'requests per CPU second, with ÷ without', value: median(cpu), spread: interval(cpu), digits: 3, least: 0.99 },
      { what: 'p99 of latency, with ÷ without: lower end of its interval', value: interval(p99)[0], spread: interval(p99), digits: 2, most: 1 },
    ],
    notes: [
      `${FRESH} processes of each, ${ROUNDS} rounds of ${REQUESTS} requests, taking turns; one scrape in each round, which is some 50 ` +
        'times as often as usual. The rate is at the mercy of whatever else runs here; CPU for each request is less so.',
    ],
  };
}

module.exports = { title: 'A Fastify service, exported', bench };
