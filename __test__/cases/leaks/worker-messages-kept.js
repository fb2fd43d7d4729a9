'use strict';

// A worker reports its progress in messages, and the main thread keeps all of them for a report that is never made.

const { Worker } = require('worker_threads');

const MESSAGES_PER_ROUND = 100;

const messages = [];
let worker = null;

const code = `
  const { parentPort } = require('worker_threads');
  let step = 0;
  parentPort.on('message', (count) => {
    for (let i = 0; i < count; i += 1) {
      step += 1;
      parentPort.postMessage({ step, files: ['a' + step, 'b' + step, 'c' + step], done: false });
    }
  });
`;

module.exports = {
  name: 'messages of a worker kept by the main thread',
  leaks: true,
  channel: 'heap',
  setup() {
    worker = new Worker(code, { eval: true });
    worker.on('message', (message) => messages.push(message));
  },
  round(i) {
    return new Promise((resolve) => {
      worker.on('message', function count() {
        if (messages.length < (i + 1) * MESSAGES_PER_ROUND) return;
        worker.removeListener('message', count);
        resolve();
      });
      worker.postMessage(MESSAGES_PER_ROUND);
    });
  },
  teardown() {
    return worker.terminate();
  },
};

if (require.main === module) require('../driver').main(module.exports);
