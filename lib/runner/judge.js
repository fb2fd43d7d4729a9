'use strict';
// From records to rows, findings and the verdict of a run. Pure.

const crypto = require('crypto');
const path = require('path');
const { LATER_FILES } = require('./limits');
const { bytes } = require('./units');

/** A one-shot timer that is still waiting after this long keeps its file for the rest of the run, in effect. */
const LATE_TIMER_MS = 20000;
/** Without knowing what holds it, a file must have been over for longer than timers of tests take as a rule. */
const UNEXPLAINED_MS = 5000;
/** Holders that let go by themselves as a rule, or say too little: no alarm for a file that has only just ended. */
const PASSING = new Set(['pending-timer', 'pending', 'unknown', 'kept', 'compiled-code']);

const fingerprintOf = (...parts) => crypto.createHash('sha1').update(parts.join('\n')).digest('hex').slice(0, 16);
const portable = (name) => name.split(path.sep).join('/');

/** One worker's records as rows with what each file left behind. */
function rowsOf(records, { rootDir, durations }) {
  const rows = [];
  let last;
  let captureMs = 0;
  for (const record of records) {
    if (record.type === 'file') rows[record.n] = { n: record.n, path: record.path, before: record.baseline, time: record.time };
    else if (record.type === 'path') rows[record.n].path = record.path;
    else if (record.type === 'done') Object.assign(rows[record.n], { after: record.baseline, own: true, doneAt: record.time });
    else if (record.type === 'end') last = record;
    else if (record.type === 'capture') captureMs += record.ms;
  }
  rows.forEach((row, at) => {
    row.name = row.path ? portable(path.relative(rootDir, row.path)) : `test file ${at + 1}`;
    if (row.own) return;
    const next = rows[at + 1];
    row.after = next ? next.before : last && last.baseline;
  });
  let from = null;
  let over = 0;
  for (const row of rows) {
    if (row.before) [from, over] = [row.before, 0];
    over += 1;
    if (row.after && from) {
      row.growth = row.after.heapUsed - from.heapUsed;
      row.externalGrowth = (row.after.external || 0) - (from.external || 0);
      row.over = over;
    }
    const known = durations && row.path ? durations.get(row.path) : undefined;
    const next = rows[rows.indexOf(row) + 1];
    const until = row.doneAt || (next ? next.time : last && last.time);
    row.ms = known !== undefined ? known : until ? until - row.time : null;
  }
  return { rows, last, captureMs };
}

/** Who was alive when it was last looked at. */
function lastAlive(records) {
  for (let at = records.length - 1; at >= 0; at--) if (records[at].alive) return new Set(records[at].alive);
  return new Set();
}

function lastOf(records, field) {
  for (let at = records.length - 1; at >= 0; at--) if (records[at][field] !== undefined) return records[at][field];
  return undefined;
}

/** What is known of why a file stays: a finding, a note, or nothing yet. */
function judgeFile(row, rows, last, reason) {
  if (reason && reason.kind === 'through') return 'follows';
  const later = rows.length - 1 - row.n;
  const endTime = last ? last.time : rows[rows.length - 1].time;
  const age = endTime - (rows[row.n + 1] ? rows[row.n + 1].time : endTime);
  if (reason && reason.kind === 'pending-timer' && age < LATE_TIMER_MS) return 'late';
  if (!reason && age < UNEXPLAINED_MS) return 'late';
  if (later < LATER_FILES && (!reason || PASSING.has(reason.kind))) return 'late';
  return 'stays';
}

function environmentFinding(row, reason, known) {
  const what = reason ? reason.what : 'something that no snapshot was taken of';
  const finding = {
    rule: reason ? reason.kind : 'environment',
    file: row.name,
    path: row.path,
    message: `${row.name} stays in memory after its end: ${reason ? `kept by ${what}` : what}`,
    fingerprint: reason ? reason.fingerprint : fingerprintOf('environment', row.name),
    location: reason && reason.location,
    held: reason && reason.path,
    bytes: row.growth,
  };
  if (reason && reason.kind === 'compiled-code') finding.known = known('node-vm-import-module-dynamically');
  return finding;
}

/** One worker, judged. `reasons`: explanations by file number; `suspects`: diff()'s between two captures. */
function judgeWorker(records, { rootDir, durations, reasons = new Map(), suspects = [], known, budgets }) {
  const { rows, last, captureMs } = rowsOf(records, { rootDir, durations });
  const head = records[0];
  const alive = lastAlive(records);
  const findings = [];
  const late = [];
  for (const row of rows) {
    if (!alive.has(row.n)) continue;
    const reason = reasons.get(row.n);
    row.state = judgeFile(row, rows, last, reason);
    if (row.state === 'stays') findings.push(environmentFinding(row, reason, known));
    else if (row.state === 'late') late.push(row.name);
  }
  const trend = lastOf(records, 'trend') || { verdict: 'insufficient', reason: `only ${rows.length} test files` };
  if (trend.verdict === 'leaking' && findings.length === 0) findings.push(growthFinding(head, trend, suspects));
  findings.push(...overBudget(rows, head, budgets || {}));
  return {
    worker: head.worker,
    pid: head.pid,
    thread: head.thread,
    rows,
    trend,
    findings,
    late,
    suspects,
    skipped: rows.filter(({ before }) => !before).length,
    spentMs: lastOf(records, 'spentMs') || 0,
    elapsedMs: last && last.elapsedMs,
    captureMs,
    captureError: lastOf(records, 'error'),
    complete: Boolean(last),
  };
}

function growthFinding(head, trend, suspects) {
  const [first] = suspects;
  return {
    rule: 'growth',
    file: null,
    message: `${head.worker ? `worker ${head.worker}` : 'the process'} grows from file to file: ${trend.reason}${first ? `; ${first.sentence}` : ''}`,
    fingerprint: first ? first.fingerprint : fingerprintOf('growth', trend.channel),
    location: first && first.location,
    held: first && first.path,
    known: first && first.known,
  };
}

function overBudget(rows, head, budgets) {
  const out = [];
  if (budgets.file !== undefined) {
    for (const row of rows) {
      // The first file also pays for what all later ones share.
      if (row.n === 0 || row.over !== 1) continue;
      const grown = Math.max(row.growth || 0, 0) + Math.max(row.externalGrowth || 0, 0);
      if (grown <= budgets.file) continue;
      out.push({
        rule: 'file-budget',
        file: row.name,
        path: row.path,
        message: `${row.name} left ${bytes(grown)} behind; its budget is ${bytes(budgets.file)}`,
        fingerprint: fingerprintOf('file-budget', row.name),
        bytes: grown,
      });
    }
  }
  if (budgets.run !== undefined) {
    const highest = rows.reduce((most, { before, after }) => Math.max(most, used(before), used(after)), 0);
    if (highest > budgets.run) {
      out.push({
        rule: 'run-budget',
        file: null,
        message: `${head.worker ? `worker ${head.worker}` : 'the process'} held ${bytes(highest)} after a full GC; the run's budget is ${bytes(budgets.run)}`,
        fingerprint: fingerprintOf('run-budget'),
        bytes: highest,
      });
    }
  }
  return out;
}

const used = (baseline) => (baseline ? baseline.heapUsed + (baseline.external || 0) : 0);

/** The run as a whole, over its workers. */
function judgeRun(workers) {
  const findings = [].concat(...workers.map((each) => each.findings));
  const fresh = findings.filter(({ suppressed }) => suppressed === undefined);
  const leaks = fresh.filter(({ rule }) => !/-budget$/.test(rule));
  let verdict = 'steady';
  if (leaks.length > 0) verdict = 'leaking';
  else if (workers.some(({ trend }) => trend.verdict === 'growing' || trend.verdict === 'leaking')) verdict = 'growing';
  else if (workers.every(({ trend, rows }) => trend.verdict === 'insufficient' && rows.length <= LATER_FILES)) verdict = 'insufficient';
  return { verdict, findings, fresh };
}

module.exports = { judgeRun, judgeWorker };
