'use strict';
// One worker of the soak: watched or not, it makes garbage until it is told to
// end, ends by itself, or is terminated in the middle of work.

const { parentPort, workerData } = require('worker_threads');

const kept = [];

function work(rounds) {
  for (let i = 0; i < rounds; i++) {
    const garbage = new Array(1000).fill(null).map((_, at) => ({ at, i }));
    kept[i % 10] = garbage[i % 1000];
  }
}

if (workerData.watched) require(workerData.root).start();
work(50);
parentPort.postMessage('working');
if (workerData.ending === 'busy') for (;;) work(50);
else if (workerData.ending === 'idle') setInterval(() => work(5), 5);
