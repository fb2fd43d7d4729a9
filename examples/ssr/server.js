'use strict';
// A server that renders its pages by running the client's bundle in a new vm
// context for each request, and leaks every one of them: page.js wraps
// console.error, but the console is the host's, and all contexts share it. So
// each wrapper holds the one before it, and with it that one's whole context.
//
//   node examples/ssr/server.js            leaks
//   node examples/ssr/server.js --fixed    does not
//
// Every path is a page, but for these:
//   GET  /health               a constant
//   GET  /leakwatch            the verdict, and the last baselines behind it
//   POST /leakwatch/reset      forgets them
//   POST /leakwatch/snapshot   writes a heap snapshot
//
// --port=8080 (default: any free one), --every=500 (ms between baselines),
// --snapshots=directory (default: the system's for temporary files).

const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const vm = require('vm');
const { setTimeout: sleep } = require('timers/promises');
const { parseArgs } = require('util');
const leakwatch = require('../..');

const { values: given } = parseArgs({
  options: {
    fixed: { type: 'boolean', default: false },
    port: { type: 'string', default: '0' },
    every: { type: 'string', default: '500' },
    snapshots: { type: 'string', default: os.tmpdir() },
  },
});

const bundle = path.join(__dirname, 'page.js');
const script = new vm.Script(fs.readFileSync(bundle, 'utf8'), { filename: bundle });
let pages = 0;

/** Stands for the backend that has a page's data: 200 ms, more or less. */
function data() {
  return sleep(100 + 200 * Math.random());
}

async function render() {
  await data();
  pages += 1;
  // The fix: what a page assigns stays on a console of its own and goes with it.
  const own = given.fixed ? Object.create(console) : console;
  return script.runInNewContext({ console: own, request: { number: pages } });
}

let alarms = 0;
leakwatch.start({ forceGcEvery: Number(given.every) }).on('leak', (trend) => {
  alarms += 1;
  process.stdout.write(`leak: ${trend.reason}\n`);
});

const routes = {
  'GET /health': () => 'fine\n',
  'GET /leakwatch': () => ({
    pages,
    alarms,
    trend: leakwatch.trend(),
    baselines: leakwatch.history().baselines.slice(-4),
  }),
  'POST /leakwatch/reset': () => {
    leakwatch.reset();
    alarms = 0;
    return {};
  },
  'POST /leakwatch/snapshot': () => leakwatch.promises.writeSnapshot(path.resolve(given.snapshots) + path.sep),
};

async function answer(request, response) {
  const route = routes[`${request.method} ${request.url}`];
  const body = route ? await route() : await render();
  const isJson = typeof body === 'object';
  response.setHeader('content-type', isJson ? 'application/json' : 'text/html; charset=utf-8');
  response.end(isJson ? `${JSON.stringify(body, null, 2)}\n` : body);
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(`${JSON.stringify({ code: error.code, message: error.message })}\n`);
  });
});

server.on('error', (error) => {
  process.stderr.write(`cannot listen on port ${given.port}: ${error.message}; choose another with --port\n`);
  process.exit(1);
});

// For this machine only: a snapshot holds everything the process knows.
server.listen(Number(given.port), '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
