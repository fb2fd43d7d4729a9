'use strict';

// A pool starts one worker a round as the load rises, up to its size, and then hands out jobs.

const { Worker } = require('worker_threads');

const SIZE = 4;
const JOBS_PER_ROUND = 20;

const code = `
  const { parentPort } = require('worker_threads');
  parentPort.on('message', (job) => parentPort.postMessage({ job, result: 'x'.repeat(100) }));
`;

const workers = [];

function give(worker, job) {
  return new Promise((resolve, reject) => {
    function settle(error) {
      worker.removeListener('message', done);
      worker.removeListener('error', settle);
      if (error) reject(error);
      else resolve();
    }
    const done = () => settle(null);
    worker.once('message', done);
    worker.once('error', settle);
    worker.postMessage(job);
  });
}

module.exports = {
  name: 'worker pool that starts up',
  leaks: false,
  channel: 'heap',
  async round(i) {
    if (workers.length < SIZE) workers.push(new Worker(code, { eval: true }));
    for (let n = 0; n < JOBS_PER_ROUND; n += 1) await give(workers[(i + n) % workers.length], n);
  },
  async teardown() {
    for (const worker of workers) await worker.terminate();
  },
};

if (require.main === module) require('../driver').main(module.exports);
