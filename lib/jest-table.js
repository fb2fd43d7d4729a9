'use strict';
// The table at the end of a Jest run: pure text.

const WIDTH = 80;
/** Rows shown; of longer runs, the files that grew most. */
const MAX_ROWS = 40;
/** A file stands out if it grew by this many times the median deviation… */
const DEVIATIONS = 8;
/** …and by at least this many bytes over the median. */
const LEAST = 1e6;

function bytes(n) {
  const sign = n < 0 ? '-' : '';
  let value = Math.abs(n);
  const units = ['B', 'KB', 'MB', 'GB'];
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  const digits = at === 0 || value >= 99.95 ? 0 : 1;
  return `${sign}${value.toFixed(digits)} ${units[at]}`;
}

function median(values) {
  const sorted = values.slice().sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * What each file left behind for good: an environment that the next GC takes is
 * late, not leaked, so levels that are undercut later do not count.
 */
function kept(rows) {
  const floors = new Array(rows.length);
  let floor = Infinity;
  for (let at = rows.length - 1; at >= 0; at--) {
    floor = Math.min(floor, rows[at].after);
    floors[at] = floor;
  }
  return floors.map((value, at) => value - (at === 0 ? rows[0].baseline : floors[at - 1]));
}

/** Which files left far more behind than the others. */
function outliers(rows) {
  const left = kept(rows);
  const middle = median(left);
  const deviation = median(left.map((n) => Math.abs(n - middle)));
  const bound = middle + Math.max(LEAST, DEVIATIONS * deviation);
  // The first file also pays for what all later ones share.
  return new Set(rows.filter((_, at) => at > 0 && left[at] > bound));
}

const growth = (row) => row.after - row.baseline;

function shorten(name, width) {
  return name.length <= width ? name.padEnd(width) : `…${name.slice(name.length - width + 1)}`;
}

function line(name, baseline, grown, contexts, verdict) {
  const right = `${baseline.padStart(10)}${grown.padStart(10)}${contexts.padStart(10)}  ${verdict}`;
  return `${shorten(name, WIDTH - 40)}${right}`.trimEnd();
}

function table({ title, rows, trend }) {
  const high = outliers(rows);
  const shown =
    rows.length <= MAX_ROWS
      ? rows
      : rows.slice().sort((a, b) => growth(b) - growth(a)).slice(0, MAX_ROWS);
  const lines = [
    `${title}, ${rows.length} test ${rows.length === 1 ? 'file' : 'files'}`,
    line('file', 'baseline', 'growth', 'contexts', 'verdict'),
  ];
  for (const row of shown) {
    const grown = (growth(row) > 0 ? '+' : '') + bytes(growth(row));
    const contexts = row.contexts === null ? '-' : String(row.contexts);
    lines.push(line(row.name, bytes(row.baseline), grown, contexts, high.has(row) ? 'stands out' : ''));
  }
  if (shown.length < rows.length) {
    lines.push(`… and ${rows.length - shown.length} files that grew less`);
  }
  lines.push(`${trend.verdict}: ${trend.reason}`, '');
  return lines.join('\n');
}

module.exports = { bytes, table };
