'use strict';
// `leakwatch suspects <pid>`: some captures of a running process with pauses in
// between, and what grew from the first to the last.

const os = require('os');
const path = require('path');
const { Captures } = require('../evidence/captures');
const { run, suppressText } = require('../analysis');
const { bytes, duration } = require('./format');
const { checkFolder, checkOutput, checkSuppress, writeOutput } = require('./output');

const COUNT = 3;
const INTERVAL_MS = 10000;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

function say(text) {
  process.stderr.write(`${text}\n`);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends with `release` done, whichever way it ends. */
async function held(release, work) {
  const handlers = Object.keys(SIGNALS).map((signal) => {
    const handler = () => {
      release();
      process.exit(SIGNALS[signal]);
    };
    process.on(signal, handler);
    return () => process.removeListener(signal, handler);
  });
  try {
    return await work();
  } finally {
    for (const remove of handlers) remove();
    release();
  }
}

function request(options, paths) {
  const { pid, thread, json, top, minGrowth, suppress, o } = options;
  return {
    what: 'diff',
    paths,
    format: json ? 'json' : 'text',
    title: `leakwatch suspects: process ${pid}${thread ? `, thread ${thread}` : ''}`,
    topSuspects: top,
    minGrowthBytes: minGrowth,
    colour: !json && !options.noColor && o === undefined && Boolean(process.stdout.isTTY) && !process.env.NO_COLOR,
    ...(suppress ? { suppress: suppressText(suppress), today: new Date().toISOString().slice(0, 10) } : {}),
  };
}

async function suspects(options, ask) {
  const { count = COUNT, interval = INTERVAL_MS, dir = os.tmpdir(), mode, o } = options;
  checkOutput('-o', o);
  checkSuppress(options.suppress);
  checkFolder('--dir', dir);
  const captures = new Captures(path.resolve(dir));
  return held(() => captures.remove(), async () => {
    for (let at = 0; at < count; at++) {
      if (at > 0) await pause(interval);
      const { size, pauseMs } = await captures.take(ask, { mode });
      const next = at + 1 < count ? `; the next in ${duration(interval)}` : '';
      say(`capture ${at + 1} of ${count}: ${bytes(size)}, the thread stood still for ${duration(pauseMs)}${next}`);
    }
    const result = await run(request(options, captures.paths));
    if (o !== undefined) writeOutput(o, result.text, 0o600);
    else process.stdout.write(result.text.endsWith('\n') ? result.text : `${result.text}\n`);
    return result.suspects > 0 ? 1 : 0;
  });
}

module.exports = { suspects };
