'use strict';
// The history of this isolate, written to a file: LEAKWATCH_HISTORY.

const clock = require('../clock');
const host = require('../host');
const { judge } = require('../trend');
const { invalid } = require('../error');
const { programPath } = require('../program-path');
const lines = require('./lines');
const { Target } = require('./target');
const { Writer } = require('./writer');
const { version } = require('../../package.json');

const FLUSH_MS = 1000;
const MINUTE = 60000;
/** Collections are summed up over longer times the longer it runs, as round-robin databases do. */
const RESOLUTIONS = [[10 * MINUTE, 1000], [120 * MINUTE, 5000], [Infinity, 15000]];
const SIZE = 4 << 20;
const MIN_SIZE = 16384;
const FILES = 8;

function whole(env, name, least, otherwise) {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  if (!/^\d{1,15}$/.test(text) || Number(text) < least) throw invalid(name, `must be a whole number from ${least}, not '${text}'`);
  return Number(text);
}

const resolution = (age) => RESOLUTIONS.find(([until]) => age < until)[1];

/** Writes what `watch` tells from now on; returns the path of the file. */
function record(watch, given, env = process.env) {
  const size = whole(env, 'LEAKWATCH_HISTORY_SIZE', MIN_SIZE, SIZE);
  const files = whole(env, 'LEAKWATCH_HISTORY_FILES', 1, FILES);
  const start = Date.now();
  const processStart = Math.floor(start - process.uptime() * 1000);
  const { pid, ppid, argv0, version: node } = process;
  const { threadId } = host;
  const run = `${pid}-${threadId}-${start}`;
  const heapLimit = require('v8').getHeapStatistics().heap_size_limit;
  // A worker's arguments are not there yet; its program is the main thread's.
  const script = threadId === 0 ? programPath() : null;
  const header = (part) =>
    lines.header({ run, part, pid, ppid, threadId, node, leakwatch: version, argv0, script, start, heapLimit });
  const target = new Target(given, { pid, threadId, processStart });
  const writer = new Writer(target, { header, size, files, onError: (error) => watch._error(error) });

  const collections = new lines.Collections();
  const begun = clock.now();
  let summed = begun;
  let judged = 0;
  let verdict = '';
  let isDue = false;

  /** What there is by now; verdicts when they change, and now and then. */
  function gather(now, isEnd) {
    if (isEnd || now - summed >= resolution(now - begun)) {
      summed = now;
      writer.add(collections.take());
    }
    if (!isDue && !isEnd) return;
    const { trend } = judge(watch.options.thresholds, false);
    if (!isEnd && trend.verdict === verdict && now - judged < resolution(now - begun)) return;
    isDue = false;
    judged = now;
    verdict = trend.verdict;
    writer.add(lines.trend('trend', now, trend));
  }

  watch.on('gc', (gc) => collections.add(gc));
  watch.on('baseline', (baseline) => {
    isDue = true;
    writer.add(lines.baseline(baseline));
  });
  watch.on('leak', (trend) => writer.add(lines.trend('leak', clock.now(), trend)));
  watch.on('snapshot', ({ path, cause, bytes }) => writer.add(lines.line('snapshot', { time: clock.now(), path, cause, bytes })));
  const timer = host.timers.setInterval(() => {
    try {
      gather(clock.now(), false);
      writer.flush();
    } catch (error) {
      watch._error(error);
    }
  }, FLUSH_MS);
  timer.unref();
  process.on('exit', (code) => {
    try {
      watch._tell();
      // A thread that ends before anything was seen leaves no file.
      if (!writer.isOpen && writer.waiting === '' && collections.count === 0) return;
      gather(clock.now(), true);
      writer.add(lines.line('end', { time: clock.now(), code: code === undefined ? null : code }));
      writer.flushSync();
    } catch (error) {
      watch._error(error);
    }
  });
  // Threads come and go by the thousand; the main thread's file is there at once, so that the name is its own.
  if (threadId === 0) writer.begin();
  return target.file;
}

module.exports = { record };
