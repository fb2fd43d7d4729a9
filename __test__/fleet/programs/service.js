'use strict';
// A service as a fleet runs it: leakwatch, prom-client, a version, and a leak if it is told to.
//
// {version, leaks, forceGcEvery}

const http = require('http');
const path = require('path');

const ROOT = path.join(__dirname, '..', '..', '..');
const { version, leaks, forceGcEvery } = JSON.parse(process.argv[2]);
const client = require('prom-client');
const leakwatch = require(ROOT);

const watch = leakwatch.start({ forceGcEvery });
require(`${ROOT}/prometheus`).exportMetrics({ appVersion: version });

// By baselines and not by the clock: as fast a leak on a machine that is busy.
const sessions = [];
if (leaks) watch.on('baseline', () => sessions.push(new Array(131072).fill(0).map((_, i) => i + 0.5)));

const server = http.createServer(async (_request, response) => {
  response.setHeader('content-type', client.register.contentType);
  response.end(await client.register.metrics());
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit(0));
