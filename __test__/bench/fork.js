'use strict';
// Captures in a copy of the process: how long the isolate stands still, beside
// tools that snapshot in the process itself; what a server under load feels; what
// stays behind. "Own" leaves out the time in which other programs had the CPU.
//
// LEAKWATCH_BENCH_HEAPS ("50,300") leaves larger heaps out: 1000 needs 8 GB and many minutes.

const autocannon = require('autocannon');
const { message, run, start, withFolder } = require('./support/child');
const { median, quantile } = require('./support/statistics');
const { number } = require('./support/table');

const HEAPS = [
  { megabytes: 50, pauses: 50, captures: 3, most: 10 },
  { megabytes: 300, pauses: 50, captures: 1, most: 25 },
  { megabytes: 1000, pauses: 20, captures: 0, most: 60 },
].filter(({ megabytes }) => (process.env.LEAKWATCH_BENCH_HEAPS || '50,300,1000').split(',').includes(String(megabytes)));
/** Peers are asked on heaps up to this: each takes minutes on the largest. */
const MOST_FOR_PEERS = 300;
const HTTP_HEAP = Math.max(50, ...HEAPS.map(({ megabytes }) => Math.min(megabytes, 300)));
const RATE = 200;
const QUIET_SECONDS = 15;

function of(values, what) {
  return values.map((value) => value[what]);
}

async function pauses(log, peers, folder) {
  const [rows, targets] = [[], []];
  for (const { megabytes, pauses: count, captures, most } of HEAPS) {
    log(`pauses at ${megabytes} MB`);
    const others = megabytes <= MOST_FOR_PEERS ? peers.heapdump ? ['heapdump'] : [] : [];
    const args = { bytes: megabytes * 1e6, pauses: count, captures, peers: ['v8', ...others], folder };
    const found = await run('fork', args, { flags: ['--max-old-space-size=4096'] });
    const [ms, own] = [of(found.pauses, 'ms'), of(found.pauses, 'ownMs')];
    const inline = (name) => (found.inline[name] ? number(found.inline[name].ownMs, 0) : null);
    rows.push([
      `${number(found.used / 1e6, 0)} MB, RSS ${number(found.rss / 1e6, 0)}`,
      number(median(ms), 1),
      number(Math.max(...ms), 1),
      number(median(own), 1),
      number(Math.max(...own), 1),
      inline('v8'),
      inline('heapdump'),
    ]);
    targets.push(
      { what: `${megabytes} MB: pause, median of ${count}`, value: median(own), unit: 'ms', digits: 1, most },
      { what: `${megabytes} MB: pause, worst of ${count}`, value: Math.max(...own), unit: 'ms', digits: 1, most: 3 * most },
      { what: `${megabytes} MB: v8.writeHeapSnapshot ÷ pause`, value: found.inline.v8.ownMs / median(own), unit: '×', digits: 0, least: megabytes >= 300 ? 200 : 1 }
    );
  }
  const head = ['heap', 'pause ms', 'worst', 'own', 'worst own', 'v8 own', 'heapdump'];
  return { table: { title: 'Event loop stands still, in ms', head, rows }, targets };
}

/** Requests while `during` is under way; latencies are the clients', from when each was due. */
async function load(port, during) {
  const instance = autocannon({ url: `http://127.0.0.1:${port}/`, connections: 10, overallRate: RATE, duration: 3600, timeout: 3600 });
  const done = await during();
  instance.stop();
  const { latency, requests } = await instance;
  return { latency, rate: requests.average, ...done };
}

async function server(log, folder) {
  const child = start('fork-http', { bytes: HTTP_HEAP * 1e6, folder }, { flags: ['--max-old-space-size=4096'] });
  const tell = (command) => async () => {
    const done = message(child, 'done');
    child.send(command);
    return done;
  };
  const wait = async () => {
    await new Promise((resolve) => setTimeout(resolve, QUIET_SECONDS * 1000));
    return { ms: QUIET_SECONDS * 1000 };
  };
  const rows = [];
  try {
    const port = await message(child, 'listening');
    await load(port, wait);
    for (const [name, during] of [
      ['no capture', wait],
      ['promises.writeSnapshot', tell('fork')],
      ['no capture, again', wait],
      ['v8.writeHeapSnapshot', tell('inline')],
    ]) {
      log(`a server of ${HTTP_HEAP} MB: ${name}`);
      const { latency, rate, ms } = await load(port, during);
      rows.push([name, number(rate, 0), latency.p50, latency.p99, latency.max, number(ms / 1000, 1)]);
    }
  } finally {
    child.kill();
    await child.ended;
  }
  const head = [`${RATE} requests a second asked for`, 'served', 'p50 ms', 'p99 ms', 'max ms', 'seconds'];
  return { title: `A server of ${HTTP_HEAP} MB while it is captured`, head, rows };
}

async function bench({ log, peers }) {
  return withFolder(async (folder) => {
    const stand = await pauses(log, peers, folder);
    log('what stays behind');
    const { before, after, taxed, differ } = await run('fork-tax', { bytes: 50e6, captures: 10, loops: 15, folder });
    const http = await server(log, folder);
    // The least disturbed quarter: other programs spoil the caches too.
    const ratio = (values) => quantile(values, 0.25) / quantile(before, 0.25);
    return {
      tables: [stand.table, http],
      targets: [
        ...stand.targets,
        { what: 'allocation loop after 10 captures in copies ÷ before', value: ratio(after), unit: '×', digits: 3, most: 1.03 },
        { what: 'objects that an inline file has otherwise', value: (100 * differ.objects) / differ.of, unit: '%', digits: 3, most: 0.1 },
      ],
      notes: [
        `After one v8.writeHeapSnapshot the same loop takes ${number(ratio(taxed), 2)} × as long.`,
        `${differ.differ.length} of ${differ.classes} constructors differ in count or size: ${differ.differ.join(', ')}.`,
      ],
    };
  });
}

module.exports = { title: 'Captures in a copy of the process', bench };
