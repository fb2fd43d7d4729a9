'use strict';
// The demo: finds the leak of examples/ssr under load, writes a snapshot of
// it, and shows that the server with the fix is left in peace.
//
//   npm run demo               half a minute
//   npm run demo -- --keep     keeps the snapshot

const fs = require('fs');
const os = require('os');
const path = require('path');
const { setTimeout: sleep } = require('timers/promises');
const { ROOT, setup } = require('./setup');
const { Server, stopAll } = require('./demo/server');
const { wrap } = require('./demo/terminal');
const { View, megabytes, seconds } = require('./demo/view');

/** Each has a page every 200 ms; at 150 KB leaked a page, 3 MB a second in all. */
const CONNECTIONS = 4;
const BASELINE_MS = 300;
const POLL_MS = 250;
/** Node compiles its HTTP code in the first seconds, and that takes heap too. */
const WARM_UP_S = 3;
/** Each run lasts at least so long, for a chart that shows something… */
const LEAST_MS = 10000;
/** …and at most so long. */
const MOST_MS = 16000;
/** The fixed one is watched longer: it is to be shown that nothing comes. */
const EXTRA_MS = 2000;

function newRun(title, code, wanted, least) {
  return {
    title,
    code,
    wanted,
    least,
    phase: 'waiting',
    elapsed: 0,
    pages: 0,
    baselines: [],
    /** The verdict at each baseline. */
    verdicts: [],
    trend: null,
    /** When it was first called leaking. */
    found: null,
    alarms: 0,
  };
}

async function read(server, run) {
  const { pages, alarms, trend, baselines } = await server.ask('GET /leakwatch');
  Object.assign(run, { pages, alarms, trend });
  for (const baseline of baselines) {
    const before = run.baselines[run.baselines.length - 1];
    if (before && baseline.index <= before.index) continue;
    run.baselines.push(baseline);
    run.verdicts.push(trend.verdict);
  }
  if (trend.verdict === 'leaking' && !run.found) run.found = { pages, elapsed: run.elapsed };
}

/** A load of its own kind, so that the pages begin on a server that is warm. */
async function warmUp(server) {
  const autocannon = require('autocannon');
  const isOver = autocannon({ url: `${server.url}/health`, connections: CONNECTIONS, duration: WARM_UP_S });
  const end = Date.now() + WARM_UP_S * 1000;
  // Asked as it will be under load: that code is to be warm too.
  while (Date.now() < end) {
    await sleep(POLL_MS / 5);
    await server.ask('GET /leakwatch');
  }
  await isOver;
  await server.ask('POST /leakwatch/reset');
}

/** Pages under load until the verdict is the one wanted, or the time is over. */
async function load(server, run, update) {
  const autocannon = require('autocannon');
  const begun = Date.now();
  const duration = MOST_MS / 1000 + 10;
  const cannon = autocannon({ url: server.url, connections: CONNECTIONS, duration });
  do {
    await sleep(POLL_MS);
    await read(server, run);
    run.elapsed = Date.now() - begun;
    update();
  } while (run.elapsed < run.least || (run.trend.verdict !== run.wanted && run.elapsed < MOST_MS));
  cannon.stop();
  run.phase = 'load over';
  const { errors, non2xx } = await cannon;
  if (errors + non2xx > 0) throw server.failure(`failed ${errors + non2xx} requests`);
}

async function watch(run, args, update, { beforeLoad, afterLoad } = {}) {
  run.phase = 'warming up';
  update();
  const server = await Server.start([`--every=${BASELINE_MS}`, ...args]);
  await warmUp(server);
  if (beforeLoad) await beforeLoad(server);
  run.phase = 'under load';
  await load(server, run, update);
  if (afterLoad) await afterLoad(server);
  run.phase = 'done';
  await server.stop();
  update();
}

function capture(server) {
  return server.ask('POST /leakwatch/snapshot').catch((error) => {
    throw new Error(`the snapshot could not be written: ${error.message} (${error.code})`);
  });
}

/** The second snapshot, and what has grown since the first. */
async function snapshot(server, state, update) {
  state.snapshot = 'snapshot: being written …';
  update();
  const { path: file, bytes, pauseMs } = await capture(server);
  const { suspects } = await require('..').diff([state.first, file], { topSuspects: 1 });
  state.suspect = suspects[0];
  state.file = file;
  state.snapshot = `snapshot: ${megabytes(bytes)} written, the server stood still for ${seconds(pauseMs)}`;
  update();
}

/** What the first suspect is, and how it is held. */
function explain({ sentence, path: steps }, say) {
  const short = sentence.split(ROOT + path.sep).join('');
  for (const line of wrap(short, 76)) say(`  ${line}`);
  const shown = steps.map(({ edge, node, location }, at) => {
    const place = location ? `  ${path.basename(location.url)}:${location.line}` : '';
    // The first hangs on V8's roots, by a number that says nothing.
    return `${at > 0 && edge ? `${edge} ` : ''}${node}${place}`;
  });
  shown.forEach((text, at) => say(`  ${' '.repeat(at)}${text}`));
}

/** What the runs have shown, in a sentence each; true if it is as it should be. */
function conclude([leaky, fixed], suspect, say) {
  const isFound = leaky.trend.verdict === 'leaking';
  const isClear = !fixed.found && fixed.alarms === 0;
  say('');
  if (isFound) say(`Leak found after ${leaky.found.pages} pages and ${seconds(leaky.found.elapsed)} of watching. Two snapshots name it:`);
  else say(`Not found: the verdict was still "${leaky.trend.verdict}". Try again when the machine is less busy.`);
  if (suspect) explain(suspect, say);
  if (isClear) say(`With the fix: ${fixed.trend.verdict} after ${fixed.pages} pages, and never called a leak.`);
  else say('With the fix it was called a leak too, which is wrong: please report it with this output.');
  return isFound && isClear;
}

async function main() {
  const unknown = process.argv.slice(2).filter((arg) => arg !== '--keep');
  if (unknown.length > 0) throw new Error(`unknown argument ${unknown[0]}; there is only --keep`);
  if (typeof fetch !== 'function') throw new Error(`needs Node 18.3 or later, this is ${process.version}`);
  setup();

  const keeps = process.argv.includes('--keep');
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-'));
  const view = new View();
  const state = {
    connections: CONNECTIONS,
    runs: [
      newRun('1  as it was', '{ console }', 'leaking', LEAST_MS),
      newRun('2  with the fix', '{ console: Object.create(console) }', 'steady', LEAST_MS + EXTRA_MS),
    ],
    snapshot: '',
    first: null,
    file: null,
    suspect: null,
  };
  // Here, so that it holds for every end: errors and signals as well.
  process.on('exit', () => {
    view.end();
    stopAll();
    if (!keeps || !state.file) fs.rmSync(directory, { recursive: true, force: true });
  });
  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  for (const [signal, code] of Object.entries(signals)) process.on(signal, () => process.exit(code));

  const update = () => view.update(state);
  const [leaky, fixed] = state.runs;
  await watch(leaky, [`--snapshots=${directory}`], update, {
    beforeLoad: async (server) => {
      state.first = (await capture(server)).path;
    },
    afterLoad: async (server) => {
      if (leaky.trend.verdict === 'leaking') await snapshot(server, state, update);
    },
  });
  await watch(fixed, ['--fixed'], update);
  view.end();

  const say = (text) => process.stdout.write(`${text}\n`);
  const isRight = conclude(state.runs, state.suspect, say);
  if (state.file && keeps) say(`Snapshots, for leakwatch diff or Chrome's DevTools (Memory):\n${state.first}\n${state.file}`);
  else if (state.file) say(`Snapshots, removed now; to keep them: npm run demo -- --keep\n${state.file}`);
  process.exitCode = isRight ? 0 : 1;
}

main().catch((error) => {
  // The frame ends first, or the message would be drawn into it.
  process.on('exit', () => process.stderr.write(`demo: ${error.message}\n`));
  process.exit(1);
});
