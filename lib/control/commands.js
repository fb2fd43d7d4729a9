'use strict';
// What a process does when asked over its control socket.

const path = require('path');
const host = require('../host');
const baselines = require('../baselines');
const options = require('../options');
const { programPath } = require('../program-path');
const { history, records, stats, trend } = require('../trend');
const { writeSnapshotAsync } = require('../snapshot');
const { refuse } = require('./protocol');
const { LeakwatchError, invalid } = require('../error');

const { native } = host;
const { version } = require('../../package.json');

const string = (name, value) => {
  if (typeof value !== 'string') throw invalid(name, `must be a string, not ${options.show(value)}`);
  return value;
};
const boolean = (name, value) => {
  if (typeof value !== 'boolean') throw invalid(name, `must be true or false, not ${options.show(value)}`);
  return value;
};
const absolute = (name, value) => {
  if (!path.isAbsolute(string(name, value))) throw invalid(name, 'must be an absolute path: this process has a working directory of its own');
  return value;
};

/** Pulls what is known out of `given`; the rest is refused. */
function pick(given, rules) {
  const out = {};
  for (const name of Object.keys(given)) {
    if (!Object.prototype.hasOwnProperty.call(rules, name)) {
      throw invalid(name, `is not known here; known are ${Object.keys(rules).join(', ') || 'none'}`);
    }
    out[name] = rules[name](name, given[name]);
  }
  return out;
}

function status(given, _signal, threads) {
  pick(given, {});
  const { verdict, channel, reason, bytesPerTick, timeToLimitMs } = trend();
  const { heap, memory, baselines: count } = stats();
  const { baselines: kept } = records(Number.MAX_SAFE_INTEGER, Math.max(0, count - 1));
  const statistics = host.capabilities.get('statistics');
  return {
    pid: process.pid,
    thread: host.threadId,
    threads,
    title: process.title,
    script: programPath(),
    cwd: process.cwd(),
    node: process.version,
    leakwatch: version,
    uptimeMs: Math.round(process.uptime() * 1000),
    watching: native.isWatching(),
    native: statistics.native,
    heapUsed: heap.usedHeapSize,
    heapSizeLimit: heap.heapSizeLimit,
    external: heap.externalMemory,
    rss: memory.rss,
    nativeContexts: heap.nativeContexts === undefined ? null : heap.nativeContexts,
    baselines: count,
    last: kept[kept.length - 1] || null,
    trend: { verdict, channel, reason, bytesPerTick, timeToLimitMs },
  };
}

async function baseline(given) {
  const { label } = pick(given, { label: string });
  return baselines.settledTick(label);
}

/** The options of writeSnapshot() that can be said in JSON. */
const anything = (_, value) => value;
const SNAPSHOT = {
  path: absolute,
  settle: boolean,
  compress: anything,
  redact: anything,
  mode: anything,
  force: anything,
  keepIds: anything,
  exposeNumericValues: anything,
};

async function snapshot(given, signal) {
  const { path: target, settle, ...rest } = pick(given, SNAPSHOT);
  if (target === undefined) throw invalid('path', 'is needed: an absolute path of a file or directory');
  // So that what waits for a finalizer is not taken for growth.
  if (settle) await baselines.settledTick();
  return writeSnapshotAsync(target, { ...rest, signal });
}

/** By name; `heavy` ones stop the isolate for a while, and are done one at a time. */
const COMMANDS = {
  status: { run: status, heavy: false },
  history: { run: (given) => pick(given, {}) && history(), heavy: false },
  baseline: { run: baseline, heavy: true },
  snapshot: { run: snapshot, heavy: true },
};

/** The heavy command under way, whichever connection asked for it. */
let underWay = null;

async function perform(name, given, signal, threads) {
  if (!Object.prototype.hasOwnProperty.call(COMMANDS, name)) {
    throw refuse(`"${name.slice(0, 40)}" is not known here; known are ${Object.keys(COMMANDS).join(', ')}`);
  }
  const { run, heavy } = COMMANDS[name];
  if (!heavy) return run(given, signal, threads);
  if (underWay) {
    throw new LeakwatchError('ERR_LEAKWATCH_BUSY', `a ${underWay} is being taken in this thread; try again when it is done`);
  }
  underWay = name;
  try {
    return await run(given, signal);
  } finally {
    underWay = null;
  }
}

module.exports = { perform };
