'use strict';

// A worker for each job: it starts, computes, answers and ends. Nothing of it stays.

const { Worker } = require('worker_threads');

const code = `
  const { parentPort } = require('worker_threads');
  const rows = Array.from({ length: 5000 }, (unused, id) => ({ id }));
  parentPort.postMessage(rows.slice(0, 100));
`;

function job() {
  return new Promise((resolve, reject) => {
    const worker = new Worker(code, { eval: true });
    worker.on('error', reject);
    worker.on('exit', resolve);
  });
}

module.exports = {
  name: 'workers that come and go',
  leaks: false,
  channel: 'heap',
  rounds: 25,
  async round() {
    await Promise.all([job(), job()]);
  },
};

if (require.main === module) require('../driver').main(module.exports);
