'use strict';
// Five servers that leak until V8 ends them: how early the verdict comes, and how well it foretells the end.

const autocannon = require('autocannon');
const { message, start } = require('./support/child');
const { number } = require('./support/table');

const KINDS = ['vm-console', 'closures', 'listeners', 'sessions', 'promises'];
const MEGABYTES = 256;
/** A service's usual pace: some minutes to the end. */
const RATE = Number(process.env.LEAKWATCH_BENCH_RATE) || 100;
/** Natural full GCs, and what `forceGcEvery` gives. */
const ALL_MODES = { natural: {}, forced: { forceGcEvery: 5000 } };
const only = process.env.LEAKWATCH_BENCH_MODE;
const MODES = only ? { [only]: ALL_MODES[only] } : ALL_MODES;

function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

async function one(kind, options) {
  const flags = [`--max-old-space-size=${MEGABYTES}`];
  const server = start('leaking-server', { kind, options }, { flags });
  const baselines = [];
  const alarms = [];
  server.on('message', ({ name, value }) => {
    if (name === 'baseline') baselines.push(value);
    if (name === 'leak') alarms.push({ ...value, when: now() });
  });
  const { port, limit } = await message(server, 'listening');
  const load = autocannon({ url: `http://127.0.0.1:${port}`, connections: 4, overallRate: RATE, duration: 3600, timeout: 3600 });
  await server.ended;
  const end = now();
  load.stop();
  await load;
  const [first] = alarms;
  if (!first) return { kind, found: false, baselines: baselines.length };
  const start0 = baselines[0].heapUsed;
  const actual = end - first.when;
  return {
    kind,
    found: true,
    share: (first.heapUsed - start0) / limit,
    at: first.at,
    channel: first.trend.channel,
    foretold: first.trend.timeToLimitMs,
    actual,
    ratio: first.trend.timeToLimitMs / actual,
    before: baselines.filter(({ at }) => at <= first.at).length,
  };
}

async function bench({ log }) {
  const tables = [];
  const targets = [];
  for (const mode of Object.keys(MODES)) {
    log(`${KINDS.length} servers, ${mode} baselines, until they end`);
    const found = await Promise.all(
      KINDS.map(async (kind) => {
        const each = await one(kind, MODES[mode]);
        log(`${mode}: ${JSON.stringify(each)}`);
        return each;
      })
    );
    const seconds = (ms) => (ms === null || ms === undefined ? null : number(ms / 1000, 0));
    const rows = found.map((each) =>
      each.found
        ? [each.kind, each.channel, each.before, number(100 * each.share, 1), seconds(each.at), seconds(each.foretold), seconds(each.actual), number(each.ratio, 2)]
        : [each.kind, 'not found', each.baselines, ...Array(5).fill(null)]
    );
    const head = [mode, 'channel', 'baselines', '% of limit leaked', 'after s', 'foretold s', 'actual s', 'ratio'];
    tables.push({ head, rows });
    const all = found.every((each) => each.found);
    targets.push(
      { what: `${mode}: leaked before the verdict, worst`, value: all ? 100 * Math.max(...found.map((f) => f.share)) : null, unit: '%', digits: 1, most: 20 },
      { what: `${mode}: time to limit, foretold ÷ actual, least`, value: all ? Math.min(...found.map((f) => f.ratio)) : null, digits: 2, least: 0.75 },
      { what: `${mode}: time to limit, foretold ÷ actual, most`, value: all ? Math.max(...found.map((f) => f.ratio)) : null, digits: 2, most: 1.25 }
    );
  }
  return { tables, targets, notes: [`--max-old-space-size=${MEGABYTES}, ${RATE} requests a second, about 10 KB leaked in each.`] };
}

module.exports = { title: 'Five leaking servers, until they end', bench };
