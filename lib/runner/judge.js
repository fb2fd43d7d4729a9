'use strict';
// From records to rows, findings and the verdict of a run. Pure.

const crypto = require('crypto');
const path = require('path');
const { LATER_FILES, MIN_RISE, RISE_FACTOR } = require('./limits');
const { bytes, signed } = require('../text/bytes');

/** A one-shot timer that is still waiting after this long keeps its file for the rest of the run, in effect. */
const LATE_TIMER_MS = 20000;
/** Less than this in V8's caches of compiled code is their ordinary use. */
const MIN_CACHED = 20e6;
/** Without knowing what holds it, a file must have been over for longer than timers of tests take as a rule. */
const UNEXPLAINED_MS = 5000;
/** Holders that let go by themselves as a rule, or say too little: no alarm for a file that has only just ended. */
const PASSING = new Set(['pending-timer', 'pending', 'unknown', 'kept', 'compiled-code', 'runner']);

/** Of an environment that went when a snapshot had V8 empty its caches, and that nothing else held. */
const IN_CACHES = { kind: 'runner', what: "V8's caches of compiled code, which it empties as memory gets short" };

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
    else if (record.type === 'done') Object.assign(rows[record.n], { own: record.baseline, doneAt: record.time });
    else if (record.type === 'end') last = record;
    else if (record.type === 'capture') captureMs += record.ms;
  }
  rows.forEach((row, at) => {
    row.name = row.path ? portable(path.relative(rootDir, row.path)) : `test file ${at + 1}`;
    const next = rows[at + 1];
    const later = next ? next.before : last && last.baseline;
    // What is left once the next file begins says more than what is there before this one's modules are let go.
    row.after = next || !row.own ? later : row.own;
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

function environmentFinding(row, reason, known, captured) {
  const what = reason ? reason.what : `something that ${captured ? 'its snapshot does not show' : 'no snapshot was taken of'}`;
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
  const captures = records.filter(({ type }) => type === 'capture');
  const emptied = new Set([].concat(...captures.map(({ gone }) => gone || [])));
  const findings = [];
  const late = [];
  for (const row of rows) {
    if (!alive.has(row.n)) continue;
    const reason = reasons.get(row.n) || (emptied.has(row.n) ? IN_CACHES : undefined);
    row.state = judgeFile(row, rows, last, reason);
    if (row.state === 'stays') findings.push(environmentFinding(row, reason, known, captures.some(({ file, n }) => file && n > row.n)));
    else if (row.state === 'late') late.push(reason ? `${row.name} (${reason.what})` : row.name);
  }
  // The runner's own doing is told, but is no leak of the tests.
  const ofRunner = findings.filter(({ rule }) => rule === 'runner');
  for (const finding of ofRunner) {
    findings.splice(findings.indexOf(finding), 1);
    rows.find(({ name }) => name === finding.file).state = 'runner';
  }
  let trend = lastOf(records, 'trend') || { verdict: 'insufficient', reason: `only ${rows.length} test ${rows.length === 1 ? 'file' : 'files'}` };
  const open = unjudgedRise(trend, rows, last);
  if (open) trend = { ...trend, reason: `${trend.reason}; ${open}` };
  const cached = cachedCode(records, rows);
  if (cached && (trend.verdict === 'leaking' || trend.verdict === 'growing')) findings.push(cachedFinding(head, cached, known));
  else if (trend.verdict === 'leaking' && findings.length === 0) findings.push(growthFinding(head, trend, suspects));
  findings.push(...overBudget(rows, head, budgets || {}));
  return {
    worker: head.worker,
    pid: head.pid,
    thread: head.thread,
    rows,
    trend,
    isOpen: Boolean(open),
    findings,
    late,
    byRunner: ofRunner.map(({ file, message }) => ({ file, message })),
    suspects,
    skipped: rows.filter(({ before }) => !before).length,
    spentMs: lastOf(records, 'spentMs') || 0,
    elapsedMs: lastOf(records, 'elapsedMs'),
    captureMs,
    captures: captures.map(({ when, n, alive: seen, ms, error }) => ({ when, n, alive: seen, ms, error })),
    captureError: lastOf(records, 'error'),
    complete: Boolean(last) || Boolean(rows[rows.length - 1].doneAt),
  };
}

/** What is to be done about a heap that has risen, where baselines that were left out would tell whether it leaks. */
function unjudgedRise(trend, rows, last) {
  const measured = rows.filter(({ before }) => before);
  if (trend.verdict !== 'insufficient' || !last || !last.baseline || measured.length === 0 || measured.length === rows.length) return undefined;
  const [first, second] = measured;
  const from = first.n === 0 && second ? second : first;
  const { heapUsed } = from.before;
  const rise = last.baseline.heapUsed - heapUsed;
  if (rise < Math.max(heapUsed * (RISE_FACTOR - 1), MIN_RISE)) return undefined;
  return `the heap changed by ${signed(rise)} over ${rows.length - from.n} of ${rows.length} files: a run without the cost limit (LEAKWATCH_COST_LIMIT=off) tells whether it leaks`;
}

/**
 * Bytes that a snapshot freed because V8 empties its caches of compiled code for it, if they are most of what the files left
 * behind: a full GC alone does not touch them.
 */
function cachedCode(records, rows) {
  const capture = records.filter(({ type, heapAfter }) => type === 'capture' && heapAfter).pop();
  if (!capture) return undefined;
  const measured = rows.slice(0, capture.n).filter(({ before }) => before);
  if (measured.length < 2) return undefined;
  const grown = measured[measured.length - 1].before.heapUsed - measured[0].before.heapUsed;
  const freed = capture.heapBefore - capture.heapAfter;
  return freed > grown / 2 && grown > MIN_CACHED ? freed : undefined;
}

/** Node's versions whose vm.compileFunction and vm.Script leak with importModuleDynamically; 18.20.8 and 20.20.2 do not. */
function hasVmLeak(version) {
  const [major, minor] = version.slice(1).split('.').map(Number);
  if (major === 16) return minor >= 11;
  if (major === 18) return minor < 20;
  return major === 20 ? minor < 10 : major === 17 || major === 19;
}

function cachedFinding(head, freed, known) {
  const vmLeak = hasVmLeak(head.node);
  const what = vmLeak
    ? `code that ${head.runner}'s module registry compiled with vm.compileFunction and importModuleDynamically`
    : 'compiled code in its caches';
  return {
    rule: 'compiled-code',
    file: null,
    message: `${head.worker ? `worker ${head.worker}` : 'the process'} grows from file to file because V8 keeps ${what}: ${bytes(freed)} went when a snapshot had the caches emptied`,
    fingerprint: fingerprintOf('compiled-code', head.runner),
    known: vmLeak ? known('node-vm-import-module-dynamically') : undefined,
    bytes: freed,
  };
}

/** The place is told beside it, as the run's folder sees it. */
const withoutPlace = ({ sentence, location }) => (location ? sentence.split('; see ')[0] : sentence);

function growthFinding(head, trend, suspects) {
  const [first] = suspects;
  return {
    rule: 'growth',
    file: null,
    message: `${head.worker ? `worker ${head.worker}` : 'the process'} grows from file to file: ${trend.reason}${first ? `; ${withoutPlace(first)}` : ''}`,
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
      // The first of several files also pays for what all later ones share.
      if ((row.n === 0 && rows.length > 1) || row.over !== 1) continue;
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
  else if (fresh.length > 0) verdict = 'over budget';
  else if (workers.some(({ trend }) => trend.channel !== 'rss' && (trend.verdict === 'growing' || trend.verdict === 'leaking'))) {
    // Resident memory alone says nothing of the tests: allocators keep what they once had.
    verdict = 'growing';
  }
  else if (workers.every(({ trend, rows }) => trend.verdict === 'insufficient' && rows.length <= LATER_FILES)) verdict = 'insufficient';
  else if (workers.some(({ isOpen }) => isOpen)) verdict = 'insufficient';
  return { verdict, findings, fresh };
}

module.exports = { judgeRun, judgeWorker };
