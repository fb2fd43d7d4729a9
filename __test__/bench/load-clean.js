'use strict';
// `leakwatch load` on servers that do not leak, short runs, again and again: how often it raises a false alarm.
//
//   LEAKWATCH_BENCH_RUNS=10 npm run bench -- load-clean

const { execFile } = require('child_process');
const net = require('net');
const path = require('path');
const { ROOT, install } = require('../../scripts/setup');
const { number } = require('./support/table');
const { median } = require('./support/statistics');

const RUNS = Number(process.env.LEAKWATCH_BENCH_RUNS) || 10;
const REQUESTS = 200;
const ROUNDS = 10;
const SERVERS = {
  'node:http': [path.join(ROOT, '__test__', 'load', 'servers.js'), 'clean'],
  express: [path.join(ROOT, 'examples', 'express', 'server.js')],
  fastify: [path.join(ROOT, 'examples', 'fastify', 'server.js')],
};

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** `{code, verdict, reason, seconds}` of one run of the command. */
async function one(command) {
  const port = String(await freePort());
  const args = ['load', '--json', '--url', `http://127.0.0.1:${port}/`, '--requests', String(REQUESTS), '--rounds', String(ROUNDS)];
  const env = { ...process.env, PORT: port };
  const begun = Date.now();
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(ROOT, 'lib', 'cli.js'), ...args, '--', process.execPath, ...command, port], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = error ? error.code : 0;
      const { verdict, processes = [] } = code === 2 ? {} : JSON.parse(stdout);
      const reason = code === 2 ? stderr.trim() : processes.map(({ trend }) => trend.reason).join('; ');
      resolve({ code, verdict, reason, seconds: (Date.now() - begun) / 1000 });
    });
  });
}

async function bench({ log }) {
  for (const name of ['express', 'fastify']) install(path.join(ROOT, 'examples', name));
  const rows = [];
  const notes = [];
  let alarms = 0;
  for (const [name, command] of Object.entries(SERVERS)) {
    const runs = [];
    for (let i = 0; i < RUNS; i++) {
      log(`${name}, run ${i + 1} of ${RUNS}`);
      runs.push(await one(command));
    }
    const count = (code) => runs.filter((run) => run.code === code).length;
    for (const run of runs.filter(({ code }) => code !== 0)) notes.push(`${name}: exit ${run.code}: ${run.reason}`);
    alarms += count(1);
    rows.push([name, RUNS, count(0), count(1), count(2), number(median(runs.map(({ seconds }) => seconds)), 0)]);
  }
  return {
    tables: [{ head: ['server', 'runs', 'no leak', 'false alarm', 'not checked', 's a run'], rows }],
    targets: [{ what: 'false alarms', value: alarms, digits: 0, most: 0 }],
    notes: [`${ROUNDS} rounds of ${REQUESTS} requests.`, ...notes],
  };
}

module.exports = { title: 'leakwatch load on servers that do not leak', bench };
