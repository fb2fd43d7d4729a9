'use strict';
// Histories in a few lines: who, and how it stands. Pure.

const { growthOf, worstFirst } = require('../history/series');
const { bytes, count, duration, signed } = require('../report/page/format');

const MOST = 8;

const nameOf = ({ pid, threadId }) => `${pid}${threadId ? ` thread ${threadId}` : ''}`;

function state(run) {
  const { baselines, trend, leak } = run;
  if (!trend) return `no verdict: ${count(baselines.length)} baselines`;
  const since = leak && trend.verdict !== 'leaking' ? `; a leak was told before: ${leak.reason}` : '';
  return `${trend.verdict}: ${trend.reason}${since}`;
}

/** A line for each run, the worst first. */
function verdicts(runs) {
  if (runs.length === 0) return ['nothing was recorded: the program loaded no Node that could be watched, or its history could not be written'];
  const shown = worstFirst(runs).slice(0, MOST);
  const lines = shown.map((run) => `[${nameOf(run.header)}] ${state(run)}`);
  const left = runs.length - shown.length;
  if (left > 0) lines.push(`${count(left)} more processes and threads, none of them worse`);
  return lines;
}

/** The figures of one run, by name. */
function figures(run) {
  const last = run.baselines[run.baselines.length - 1];
  const gcs = run.gcs.reduce((sum, gc) => sum + gc.count, 0);
  return {
    name: nameOf(run.header),
    program: run.header.script ? run.header.script.replace(/^.*[\\/]/, '') : '',
    verdict: run.trend ? run.trend.verdict : 'none yet',
    heap: last ? bytes(last.heapUsed) : '',
    growth: run.baselines.length > 1 ? signed(bytes)(growthOf(run)) : '',
    rate: run.trend && run.trend.bytesPerSecond ? `${signed(bytes)(run.trend.bytesPerSecond)}/s` : '',
    limit: run.trend && run.trend.timeToLimitMs ? duration(run.trend.timeToLimitMs) : '',
    rss: last ? bytes(last.rss) : '',
    baselines: count(run.baselines.length),
    gcs: count(gcs),
  };
}

module.exports = { figures, nameOf, state, verdicts };
