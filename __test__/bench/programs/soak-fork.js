'use strict';
// One capture in a copy of the process after another, from the main isolate and
// four workers that allocate all the while, while other children come and go.
//
// {captures, warmUp, folder}: a message "file" for each, then what is left of them.

const { spawn } = require('child_process');
const fs = require('fs');
const { Worker, isMainThread, parentPort, threadId, workerData } = require('worker_threads');
const { args, leakwatch, main, send } = require('../support/program');

const WORKERS = 4;
/** Each isolate's file must hold this many of its own marker, and none of another's. */
const MARKERS = 1000;
/** Of each turn, what allocating takes, and what is left to the event loop and the copy. */
const BURST_MS = 8;
const REST_MS = 4;

/** A class whose name tells whose isolate it is of. */
function mark() {
  const Marker = Function(`return class Marker${threadId} {}`)();
  return Array.from({ length: MARKERS }, () => new Marker());
}

/** Garbage of every kind: young and old objects, buffers, strings, closures, maps, regular expressions. */
function allocate(kept) {
  const end = Date.now() + BURST_MS;
  for (let i = 0; Date.now() < end; i++) {
    for (let j = 0; j < 200; j++) {
      const object = { i, j, text: `text ${i} ${j}`, next: null, total: () => i + j };
      if (j % 8 === 0) kept[(i * 25 + j) % kept.length] = object;
    }
    if (i % 16 === 0) kept[i % 64] = Buffer.alloc(20000, i);
    if (i % 32 === 0) kept[64 + (i % 64)] = new Map(Array.from({ length: 50 }, (_, at) => [`key ${at}`, { at }]));
    if (i % 64 === 0) kept[128] = JSON.parse(JSON.stringify({ list: Array.from({ length: 500 }, (_, n) => ({ n, s: `s${n}` })) }));
  }
}

function churn() {
  const kept = new Array(4000);
  let isOver = false;
  const turn = () => {
    if (isOver) return;
    allocate(kept);
    setTimeout(turn, REST_MS);
  };
  turn();
  return () => {
    isOver = true;
  };
}

/** Captures one after another until told to stop; each outcome to `tell`. */
async function capture(tool, goesOn, tell) {
  while (goesOn()) {
    try {
      const options = { mode: 'fork', niceness: 0, force: true };
      const { path: file, pauseMs, totalMs, attempts } = await tool.promises.writeSnapshot(`${args.folder}/{tid}-{seq}`, options);
      await tell({ file, pauseMs, totalMs, attempts, threadId });
    } catch (error) {
      await tell({ error: error.message, code: error.code, threadId });
    }
  }
}

function worker() {
  const markers = mark();
  const tool = leakwatch();
  tool.start();
  const stop = churn();
  let isOn = false;
  parentPort.on('message', async (command) => {
    isOn = command === 'go';
    if (command === 'end') {
      stop();
      parentPort.postMessage(markers.length);
      parentPort.close();
    }
    if (!isOn) return;
    await capture(tool, () => isOn, (outcome) => parentPort.postMessage(outcome));
    parentPort.postMessage('idle');
  });
  parentPort.postMessage('ready');
}

function status(field) {
  const found = fs.readFileSync('/proc/self/status', 'latin1').match(new RegExp(`${field}:\\s+(\\d+)`));
  return Number(found[1]);
}

/** Processes whose parent this is, dead ones included. */
function children() {
  return fs.readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === process.pid;
    } catch (_) {
      return false;
    }
  });
}

/** Private memory in bytes, and what of it a copy would not inherit. */
function memory() {
  let [size, isPrivate, sum] = [0, false, 0];
  for (const line of fs.readFileSync('/proc/self/smaps', 'latin1').split('\n')) {
    if (/^[0-9a-f]+-/.test(line)) isPrivate = / [rwx-]{3}p 0+ 00:00 0\s*(\[anon:.*)?$/.test(line);
    else if (line.startsWith('Size:')) size = Number(line.match(/\d+/)[0]) * 1024;
    else if (isPrivate && line.startsWith('VmFlags:') && / dc\b/.test(line)) sum += size;
  }
  return sum;
}

function state() {
  return {
    descriptors: fs.readdirSync('/proc/self/fd').length,
    threads: status('Threads'),
    rss: process.memoryUsage().rss,
    heapTotal: process.memoryUsage().heapTotal,
    notInherited: memory(),
  };
}

/** Node's own children go on coming and going; a wrong or a missing exit is counted. */
async function spawnAll(goesOn, counts) {
  for (let code = 0; goesOn(); code = (code + 1) % 50) {
    await new Promise((resolve) => {
      spawn('/bin/sh', ['-c', `exit ${code}`], { stdio: 'ignore' }).on('exit', (got, signal) => {
        counts.spawned += 1;
        if (got !== code || signal !== null) counts.wrongExits += 1;
        resolve();
      });
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function startWorker(tell) {
  const started = new Worker(__filename, { argv: process.argv.slice(2), workerData: { soak: true } });
  started.hears = (word) =>
    new Promise((resolve, reject) => {
      started.on('message', (message) => {
        if (message === word) resolve();
      });
      started.on('error', reject);
    });
  started.ended = new Promise((resolve) => started.on('exit', resolve));
  started.on('message', (outcome) => {
    if (outcome && outcome.threadId !== undefined) tell(outcome);
  });
  return started;
}

async function soak() {
  const tool = leakwatch();
  const markers = mark();
  tool.start();
  const counts = { done: 0, spawned: 0, wrongExits: 0, signals: 0 };
  process.on('SIGCHLD', () => {
    counts.signals += 1;
  });
  let wanted = 0;
  const goesOn = () => counts.done < wanted;
  const tell = async (outcome) => {
    counts.done += 1;
    await send('file', outcome);
  };
  const workers = [];
  for (let n = 0; n < WORKERS; n++) workers.push(startWorker(tell));
  await Promise.all(workers.map((one) => one.hears('ready')));
  const stop = churn();
  const run = async (captures) => {
    wanted += captures;
    const idle = workers.map((one) => one.hears('idle'));
    for (const one of workers) one.postMessage('go');
    const spawning = spawnAll(goesOn, counts);
    await capture(tool, goesOn, tell);
    for (const one of workers) one.postMessage('pause');
    await Promise.all([spawning, ...idle]);
  };
  await run(args.warmUp);
  const before = state();
  await run(args.captures);
  const after = state();
  stop();
  for (const one of workers) one.postMessage('end');
  await Promise.all(workers.map(({ ended }) => ended));
  return { before, after, children: children(), markers: markers.length, ...counts };
}

if (isMainThread) main(soak);
else if (workerData && workerData.soak) worker();
