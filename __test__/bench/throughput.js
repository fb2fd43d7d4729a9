'use strict';
// Throughput of an allocation-heavy HTTP server, watched and not, in turns of a
// second or two: one process, so that its code is optimised alike in both.

const autocannon = require('autocannon');
const { message, start } = require('./support/child');
const { interval, median, ratios } = require('./support/statistics');
const { number, range } = require('./support/table');

const PAIRS = 24;
const SECONDS = 1.5;

function load(port) {
  return autocannon({ url: `http://127.0.0.1:${port}/`, connections: 10, duration: SECONDS });
}

function tell(server, command) {
  const answer = message(server, 'done');
  server.send(command);
  return answer;
}

/** Requests a second, and CPU microseconds of the server for each. */
async function round(server, port, command) {
  const before = await tell(server, command);
  const start = process.hrtime();
  await load(port);
  const [seconds, nanos] = process.hrtime(start);
  const after = await tell(server, command);
  const requests = after.requests - before.requests;
  return {
    rate: requests / (seconds + nanos / 1e9),
    cpu: (after.cpu - before.cpu) / requests,
    gcs: after.gcs - before.gcs,
  };
}

async function measure(log) {
  const server = start('throughput');
  const found = { on: [], off: [] };
  try {
    const port = await message(server, 'listening');
    for (const command of ['on', 'off', 'on', 'off']) await round(server, port, command);
    for (let pair = 0; pair < PAIRS; pair++) {
      log(`pair ${pair + 1} of ${PAIRS}`);
      for (const command of pair % 2 ? ['on', 'off'] : ['off', 'on']) {
        found[command].push(await round(server, port, command));
      }
    }
  } finally {
    server.kill();
    await server.ended;
  }
  return found;
}

function target(what, of) {
  return { what, value: median(of), spread: interval(of), digits: 3, least: 0.99 };
}

async function bench({ log }) {
  const { on, off } = await measure(log);
  const of = (rounds, what) => rounds.map((one) => one[what]);
  const rate = ratios(of(on, 'rate'), of(off, 'rate'));
  // Less CPU for a request is more requests for the CPU.
  const cpu = ratios(of(off, 'cpu'), of(on, 'cpu'));
  const row = (name, what, ratio, digits) => [
    name,
    number(median(of(off, what)), digits),
    number(median(of(on, what)), digits),
    number(median(ratio), 4),
    range(interval(ratio), 4),
  ];
  return {
    tables: [
      {
        head: ['', 'without', 'with start()', 'ratio', '95 %'],
        rows: [row('requests per second', 'rate', rate, 0), row('CPU µs per request', 'cpu', cpu, 1)],
      },
    ],
    targets: [
      target('requests per second, with ÷ without', rate),
      target('requests per CPU second, with ÷ without', cpu),
    ],
    notes: [
      `${PAIRS} pairs of ${SECONDS} s; ${number(median(of(on, 'gcs')), 0)} GCs in each watched one. The first ` +
        `ratio is at the mercy of whatever else runs here; the second is less so.`,
    ],
  };
}

module.exports = { title: 'Throughput of an allocation-heavy HTTP server', bench };
