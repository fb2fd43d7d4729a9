'use strict';
// A worker of a cluster, leaking if LEAKS says so.

const path = require('path');

const ROOT = path.join(__dirname, '..', '..', '..');
const client = require(process.env.CLIENT);
const leakwatch = require(ROOT);

// Answers the primary when it gathers metrics.
new client.AggregatorRegistry();
require(`${ROOT}/prometheus`).exportMetrics({ client });

const kept = [];
for (let i = 0; i < 30; i++) {
  if (process.env.LEAKS) kept.push(new Array(1e5).fill(i + 0.5));
  leakwatch.tick();
}
process.on('message', (message) => {
  if (message === 'baseline') process.send({ baseline: leakwatch.history().baselines.pop().heapUsed });
});
process.send('ready');
