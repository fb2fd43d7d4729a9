'use strict';
// Where `leakwatch top` has its figures from. `poll()` gives a row for each
// process and thread: what is known, and nothing where nothing is.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { Reader, expand } = require('../history/reader');
const { ask } = require('../control/client');

/** Values kept for the little chart. */
const MAX_SERIES = 240;
/** Records kept of a run that is followed for days. */
const MAX_RECORDS = 4096;
const ASK_MS = 5000;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

const last = (items) => items[items.length - 1];

/** Follows history files; those that appear in a folder later as well. */
class HistorySource {
  constructor(paths) {
    this.paths = paths;
    this.reader = new Reader();
  }

  async poll() {
    for (const file of expand(this.paths)) this.reader.read(file);
    const runs = this.reader.sorted();
    for (const run of runs) this._trim(run);
    return runs.map((run) => this._row(run));
  }

  _trim(run) {
    run.seen = run.seen || { baselines: 0, gcs: 0, first: null };
    if (!run.seen.first && run.baselines.length > 0) run.seen.first = run.baselines[0];
    const spare = run.baselines.length - MAX_RECORDS;
    if (spare > 0) run.seen.baselines += run.baselines.splice(0, spare).length;
    for (const gc of run.gcs.splice(0, Math.max(0, run.gcs.length - 1))) run.seen.gcs += gc.count;
  }

  _row(run) {
    const { pid, threadId, script, heapLimit } = run.header;
    const baseline = last(run.baselines);
    const gc = last(run.gcs);
    return {
      pid,
      threadId,
      name: `${pid}${threadId ? `.${threadId}` : ''}`,
      program: script ? path.basename(script) : '',
      verdict: run.trend ? run.trend.verdict : null,
      reason: run.trend ? run.trend.reason : null,
      bytesPerSecond: run.trend ? run.trend.bytesPerSecond : null,
      timeToLimitMs: run.trend ? run.trend.timeToLimitMs : null,
      heapUsed: baseline ? baseline.heapUsed : null,
      growth: baseline ? baseline.heapUsed - run.seen.first.heapUsed : null,
      heapLimit,
      inUse: gc ? gc.usedMax : null,
      external: baseline ? baseline.external : null,
      rss: baseline ? baseline.rss : null,
      baselines: run.seen.baselines + run.baselines.length,
      collections: run.seen.gcs + (gc ? gc.count : 0),
      series: run.baselines.slice(-MAX_SERIES).map((each) => each.heapUsed),
      hasEnded: Boolean(run.end) || !isAlive(pid),
    };
  }
}

/** Asks a process, and each of its threads. */
class SocketSource {
  constructor(pid, file) {
    Object.assign(this, { pid, file });
    this.threads = [0];
    this.series = new Map();
    this.first = new Map();
    this.rows = [];
    /** The error for which there is no row yet. */
    this.silence = undefined;
  }

  async poll() {
    try {
      const rows = [];
      for (const thread of this.threads) rows.push(await this._ask(thread));
      this.rows = rows.filter(Boolean);
    } catch (error) {
      if (this.rows.length === 0) this.silence = error;
      if (!isAlive(this.pid)) for (const row of this.rows) row.hasEnded = true;
      else for (const row of this.rows) row.reason = 'no answer: the process is busy in JavaScript, or stopped';
    }
    return this.rows;
  }

  async _ask(thread) {
    let status;
    try {
      status = await ask(this.file, 'status', {}, { thread, timeout: ASK_MS });
    } catch (error) {
      // A thread may have ended since; the main one must answer.
      if (thread === 0) throw error;
      return null;
    }
    if (thread === 0) this.threads = status.threads;
    const { pid, script, trend, heapUsed, heapSizeLimit, external, rss, baselines } = status;
    const baseline = status.last ? status.last.heapUsed : null;
    return {
      pid,
      threadId: thread,
      name: `${pid}${thread ? `.${thread}` : ''}`,
      program: script ? path.basename(script) : '',
      verdict: trend.verdict,
      reason: trend.reason,
      bytesPerSecond: trend.bytesPerSecond === undefined ? null : trend.bytesPerSecond,
      timeToLimitMs: trend.timeToLimitMs,
      heapUsed: baseline,
      growth: this._growth(thread, baseline),
      heapLimit: heapSizeLimit,
      inUse: heapUsed,
      external,
      rss,
      baselines,
      collections: null,
      series: this._series(thread, baselines, baseline),
      hasEnded: false,
    };
  }

  _growth(thread, baseline) {
    if (baseline === null) return null;
    if (!this.first.has(thread)) this.first.set(thread, baseline);
    return baseline - this.first.get(thread);
  }

  _series(thread, index, baseline) {
    const known = this.series.get(thread) || { index: 0, values: [] };
    this.series.set(thread, known);
    if (baseline !== null && index !== known.index) known.values = known.values.concat(baseline).slice(-MAX_SERIES);
    known.index = index;
    return known.values;
  }
}

/** The history of process `pid`, where histories usually are: as LEAKWATCH_HISTORY says here, or `leakwatch run` made it. */
function historyOf(pid, env = process.env) {
  const folders = [];
  if (env.LEAKWATCH_HISTORY) folders.push(env.LEAKWATCH_HISTORY);
  try {
    for (const name of fs.readdirSync(os.tmpdir())) {
      if (name.startsWith('leakwatch-run-')) folders.push(path.join(os.tmpdir(), name));
    }
  } catch (_) {
    // No folder for temporary files: none of ours is in it.
  }
  const found = [];
  for (const folder of folders) {
    try {
      for (const name of fs.readdirSync(folder)) {
        if (new RegExp(`(^|\\.)${pid}-\\d+(\\.\\d+)?\\.jsonl$`).test(name)) found.push(path.join(folder, name));
      }
    } catch (_) {
      // Not a folder, or somebody else's.
    }
  }
  return found;
}

module.exports = { HistorySource, SocketSource, historyOf };
