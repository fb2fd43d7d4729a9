'use strict';
// What a person reads at the end of a run: pure text.

const { bytes, signed } = require('../text/bytes');

const NAME_WIDTH = 40;
/** Rows shown of each worker; of longer runs, those that stay and those that grew most. */
const MAX_ROWS = 40;
/** Steps of a chain shown, and files named in a list. */
const MAX_STEPS = 7;
const MAX_NAMES = 5;
/** A file stands out if it left this many times the median deviation more than the median… */
const DEVIATIONS = 8;
/** …and at least this many bytes. */
const LEAST = 1e6;

/** What restarts a worker that has grown. */
const LIMITS = { Jest: 'workerIdleMemoryLimit', Vitest: 'vmMemoryLimit' };

const HEADER = ['file', 'after GC', 'growth', 'contexts', 'detached', 'time', 'environment'];

function median(values) {
  const sorted = values.slice().sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Which files left far more behind than the others; the first also pays for what all later ones share. */
function outliers(rows) {
  const measured = rows.filter((row) => row.n > 0 && row.over === 1);
  if (measured.length < 4) return new Set();
  const left = measured.map(({ growth }) => growth);
  const middle = median(left);
  const deviation = median(left.map((n) => Math.abs(n - middle)));
  const bound = middle + Math.max(LEAST, DEVIATIONS * deviation);
  return new Set(measured.filter(({ growth }) => growth > bound));
}

const shorten = (name) =>
  name.length <= NAME_WIDTH ? name.padEnd(NAME_WIDTH) : `…${name.slice(name.length - NAME_WIDTH + 1)}`;

function line([name, after, growth, contexts, detached, time, state]) {
  const right = [after.padStart(10), growth.padStart(12), contexts.padStart(9), detached.padStart(9), time.padStart(8)];
  return `${shorten(name)}${right.join('')}  ${state}`.trimEnd();
}

const count = (n) => (n === null || n === undefined ? '-' : String(n));

function duration(ms) {
  if (ms === null || ms === undefined) return '-';
  return ms < 9950 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function cells(row, high) {
  const { after } = row;
  const over = row.over > 1 ? ` /${row.over}` : '';
  const states = { stays: 'stays', late: 'not yet gone', follows: 'held by another', runner: 'held by the runner' };
  return [
    row.name,
    after ? bytes(after.heapUsed) : '·',
    row.growth === undefined ? '·' : `${signed(row.growth)}${over}`,
    after ? count(after.nativeContexts) : '·',
    after ? count(after.detachedContexts) : '·',
    duration(row.ms),
    states[row.state] || (high.has(row) ? 'stands out' : ''),
  ];
}

function rowLines(rows) {
  const high = outliers(rows);
  let shown = rows;
  if (rows.length > MAX_ROWS) {
    const rank = (row) => (row.state === 'stays' ? 1e15 : 0) + (row.growth || 0);
    const best = new Set(rows.slice().sort((a, b) => rank(b) - rank(a)).slice(0, MAX_ROWS));
    shown = rows.filter((row) => best.has(row));
  }
  const lines = shown.map((row) => line(cells(row, high)));
  if (shown.length < rows.length) lines.push(`… and ${rows.length - shown.length} files that grew less`);
  return lines;
}

const files = (n) => `${n} test ${n === 1 ? 'file' : 'files'}`;

function names(list) {
  const shown = list.slice(0, MAX_NAMES).join(', ');
  return list.length > MAX_NAMES ? `${shown} and ${list.length - MAX_NAMES} more` : shown;
}

/** What baselines cost, and what was left out for it. */
function costLine({ spentMs, elapsedMs, skipped, rows, captureMs, captureError }, costLimit) {
  const out = [];
  if (elapsedMs > 0) out.push(`baselines took ${((100 * spentMs) / elapsedMs).toFixed(1)} % of its time`);
  if (skipped > 0) out.push(`${skipped} of ${rows.length} were left out to stay below ${Math.round(100 * costLimit)} %`);
  if (captureMs > 0) out.push(`snapshots of the leak took ${duration(captureMs)} more`);
  if (captureError) out.push(`no snapshot: ${captureError}`);
  return out.length > 0 ? `  ${out.join('; ')}` : undefined;
}

const place = ({ url, line: row, column }, relative) => `${relative(url)}:${row}:${column}`;

function chain(held, relative) {
  return held.slice(-MAX_STEPS).map(({ edge, node, location }) => {
    const at = location ? `  ${place(location, relative)}` : '';
    return `       .${edge} ${node.slice(0, 60)}${at}`;
  });
}

/** Findings that one repair would end belong together. */
function grouped(findings) {
  const groups = new Map();
  for (const finding of findings) {
    const group = groups.get(finding.fingerprint);
    if (group) group.push(finding);
    else groups.set(finding.fingerprint, [finding]);
  }
  return Array.from(groups.values());
}

function findingLines(group, number, relative) {
  const [first] = group;
  const at = first.location ? `, ${place(first.location, relative)}` : '';
  const lines = [`  ${number}. ${first.message}${at}`];
  if (group.length > 1) lines.push(`     so do ${names(group.slice(1).map(({ file, message }) => file || message))}`);
  if (first.held && first.held.length > 0) lines.push(...chain(first.held, relative));
  if (first.known) lines.push(`     known: ${first.known.title}`, `     ${first.known.advice}`, `     ${first.known.reference}`);
  lines.push(`     fingerprint ${first.fingerprint}${first.suppressed === undefined ? '' : ` (suppressed: ${first.suppressed})`}`);
  return lines;
}

/** `{runner, workers, run: {verdict, findings, fresh}, costLimit, expired}` as text. */
function table({ runner, workers, run, costLimit, expired = [], relative = (url) => url }) {
  const total = workers.reduce((sum, { rows }) => sum + rows.length, 0);
  const many = workers.length === 1 ? '1 process' : `${workers.length} processes`;
  const lines = [`leakwatch: ${runner}, ${many}, ${files(total)}`, line(HEADER)];
  for (const worker of workers) {
    // Runners that start a process for each file: one line each is enough.
    if (workers.length > 1 && worker.rows.length === 1 && worker.complete) {
      lines.push(...rowLines(worker.rows));
      continue;
    }
    if (workers.length > 1) lines.push(`-- ${worker.worker ? `worker ${worker.worker}` : 'process'}, pid ${worker.pid}`);
    lines.push(...rowLines(worker.rows));
    lines.push(`  trend: ${worker.trend.verdict}: ${worker.trend.reason}`);
    if (!worker.complete) lines.push('  it was ended from outside: its last file has no figure after it');
    if (worker.late.length > 0) lines.push(`  not yet gone at the end, which is no leak so far: ${names(worker.late)}`);
    if (worker.byRunner.length > 0) {
      lines.push(`  ${files(worker.byRunner.length)} kept by the runner or by Node, not by the tests; the first: ${worker.byRunner[0].message}`);
      if (worker.byRunner.length > 2) lines.push(`  a limit on a worker's memory ends that: ${LIMITS[runner] || 'fewer files a process'}`);
    }
    const cost = costLine(worker, costLimit);
    if (cost) lines.push(cost);
  }
  const alone = workers.filter(({ rows }) => rows.length === 1);
  if (workers.length > 1 && alone.length > 0) {
    const sum = (field) => alone.reduce((all, each) => all + (each[field] || 0), 0);
    if (sum('elapsedMs') > 0) lines.push(`  baselines took ${((100 * sum('spentMs')) / sum('elapsedMs')).toFixed(1)} % of the time of ${alone.length} processes of one file each`);
  }
  const groups = grouped(run.findings);
  if (groups.length > 0) lines.push('leaks:');
  groups.forEach((group, at) => lines.push(...findingLines(group, at + 1, relative)));
  const grown = workers.filter(({ suspects }) => suspects.length > 0 && run.findings.length > 0);
  for (const { worker, suspects } of grown.slice(0, 2)) {
    lines.push(`what grew between two snapshots of ${worker ? `worker ${worker}` : 'the process'}:`);
    for (const { sentence, fingerprint } of suspects.slice(0, 3)) lines.push(`  - ${sentence} (${fingerprint})`);
  }
  for (const { fingerprint, expires } of expired) lines.push(`the suppress file's entry ${fingerprint} expired on ${expires}`);
  lines.push(`${run.verdict}: ${conclusion(run, total)}`, '');
  return lines.join('\n');
}

function conclusion({ findings, fresh }, total) {
  if (findings.length === 0) return `none of ${files(total)} leaks`;
  const leaking = new Set(fresh.map(({ file }) => file).filter(Boolean));
  const parts = [];
  if (leaking.size > 0) parts.push(`${files(leaking.size)}: ${names(Array.from(leaking))}`);
  const general = fresh.filter(({ file }) => !file).length;
  if (general > 0) parts.push(`${general} of the run as a whole`);
  const suppressed = findings.length - fresh.length;
  if (suppressed > 0) parts.push(`${suppressed} suppressed`);
  return parts.join('; ');
}

module.exports = { costLine, files, grouped, line, names, outliers, rowLines, table, HEADER };
