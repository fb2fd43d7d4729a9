'use strict';
// Workers that come and go, forced GCs and snapshots, with leakwatch or without.
//
// {watched, workers, gcs, snapshots, folder}: RSS in bytes, twenty times.

const fs = require('fs');
const path = require('path');
const { Worker } = require('worker_threads');
const { ROOT, args, leakwatch, main, turn } = require('../support/program');

const tool = args.watched ? leakwatch() : null;
/** A worker ends by itself, is terminated when idle, or in the middle of work. */
const ENDINGS = ['itself', 'idle', 'busy'];
const AT_ONCE = 2;
const POINTS = 20;

function runWorker(number) {
  const ending = ENDINGS[number % ENDINGS.length];
  const workerData = { watched: Boolean(tool), root: ROOT, ending };
  return new Promise((resolve, reject) => {
    const worker = new Worker(path.join(__dirname, 'soak-worker.js'), { workerData });
    worker.on('message', () => {
      if (ending !== 'itself') worker.terminate();
    });
    worker.on('error', reject);
    worker.on('exit', resolve);
  });
}

async function collect(times) {
  for (let i = 0; i < times; i++) {
    global.gc(i % 20 === 0 ? undefined : { type: 'minor' });
    if (i % 4 === 0) await turn();
  }
}

function snapshot(number) {
  const file = path.join(args.folder, `${number}.heapsnapshot`);
  if (tool) tool.writeSnapshot(file, { force: true });
  else require('v8').writeHeapSnapshot(file);
  fs.unlinkSync(file);
}

main(async () => {
  if (tool) tool.start();
  const rss = [];
  const start = Date.now();
  for (let point = 0; point < POINTS; point++) {
    for (let i = 0; i < args.workers / POINTS; i += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => runWorker(i + at)));
    }
    await collect(args.gcs / POINTS);
    for (let i = 0; i < args.snapshots / POINTS; i++) snapshot(point * 100 + i);
    global.gc();
    await turn();
    rss.push(process.memoryUsage().rss);
  }
  const counts = tool ? tool.stats().gc : null;
  const gcs = counts && Object.keys(counts).reduce((sum, kind) => sum + counts[kind].count, 0);
  return { rss, gcs, missed: tool && tool.stats().gcMissed, ms: Date.now() - start };
});
