'use strict';
// What `leakwatch top` shows, as lines of text. Pure.

const { bytes, clock, count, duration, signed } = require('../report/page/format');
const { wrap } = require('./format');

const COLOURS = { leaking: '31', growing: '33', steady: '32' };
const WORST_FIRST = ['leaking', 'growing', 'steady', 'insufficient'];
const BLOCKS = '▁▂▃▄▅▆▇█';
const MIN_SPARK = 10;

const or = (format, value) => (value === null || value === undefined ? '' : format(value));
const rate = (value) => `${signed(bytes)(value)}/s`;

const COLUMNS = [
  { title: 'pid', of: (row) => row.name, left: true },
  { title: 'program', of: (row) => row.program.slice(0, 20), left: true, from: 70 },
  { title: 'verdict', of: (row) => (row.hasEnded ? `${row.verdict || ''} (ended)`.trim() : row.verdict || ''), left: true, isVerdict: true },
  { title: 'heap', of: (row) => or(bytes, row.heapUsed) },
  { title: '±', of: (row) => or(signed(bytes), row.growth) },
  { title: 'rate', of: (row) => (row.bytesPerSecond ? rate(row.bytesPerSecond) : ''), from: 60 },
  { title: 'to limit', of: (row) => (row.timeToLimitMs ? duration(row.timeToLimitMs) : ''), from: 80 },
  { title: 'in use', of: (row) => or(bytes, row.inUse), from: 90 },
  { title: 'rss', of: (row) => or(bytes, row.rss), from: 90 },
  { title: 'full GCs', of: (row) => or(count, row.baselines), from: 100 },
];

const paint = (code, text, isColoured) => (isColoured && code ? `\x1b[${code}m${text}\x1b[0m` : text);

/** The values as blocks of eight heights, the newest `width` of them. */
function sparkline(values, width) {
  const shown = values.slice(-width);
  const low = Math.min(...shown);
  const span = Math.max(...shown) - low || 1;
  return shown.map((value) => BLOCKS[Math.min(7, Math.floor(((value - low) / span) * 8))]).join('');
}

function sorted(rows) {
  const rank = (row) => (row.verdict ? WORST_FIRST.indexOf(row.verdict) : WORST_FIRST.length) + (row.hasEnded ? 10 : 0);
  return rows.slice().sort((a, b) => rank(a) - rank(b) || (b.growth || 0) - (a.growth || 0) || a.pid - b.pid || a.threadId - b.threadId);
}

/** Rows under their titles; `left` columns end with a space, the others begin with one. */
function table(rows, columns, isColoured) {
  const shown = COLUMNS.filter(({ from = 0 }) => columns >= from);
  const cells = rows.map((row) => shown.map((column) => column.of(row)));
  const widths = shown.map(({ title }, at) => Math.max(title.length, ...cells.map((row) => row[at].length)));
  const fit = (text, at) => (shown[at].left ? text.padEnd(widths[at]) : text.padStart(widths[at]));
  const head = shown.map(({ title }, at) => fit(title, at)).join('  ').slice(0, columns);
  const body = cells.map((row, index) => {
    let room = columns;
    const parts = row.map((text, at) => {
      const plain = ((at > 0 ? '  ' : '') + fit(text, at)).slice(0, room);
      room -= plain.length;
      return shown[at].isVerdict ? paint(COLOURS[rows[index].verdict], plain, isColoured) : plain;
    });
    return parts.join('');
  });
  return [paint('2', head, isColoured), ...body];
}

/** The whole screen: `columns` wide, at most `height` lines. */
function frame(rows, { columns, height, isColoured, now }) {
  const title = `leakwatch top  ${clock(now, true)}`;
  const help = 'q quits';
  const gap = Math.max(2, columns - title.length - help.length);
  const out = [(title + ' '.repeat(gap) + help).slice(0, columns), ''];
  if (rows.length === 0) return out.concat('nothing recorded yet').slice(0, height);
  const all = sorted(rows);
  const [worst] = all;
  const detail = worst.reason ? wrap(`${worst.name}: ${worst.reason}`, '', columns) : [];
  const spark = worst.series.length > 1 && columns >= MIN_SPARK
    ? [`heap ${bytes(worst.series[0])} → ${bytes(worst.series[worst.series.length - 1])}`.slice(0, columns), paint('34', sparkline(worst.series, columns), isColoured)]
    : [];
  const below = ['', ...spark, ...detail];
  const room = Math.max(1, height - out.length - 1 - below.length);
  const shown = all.slice(0, room);
  const left = all.length - shown.length;
  const body = table(shown, columns, isColoured);
  if (left > 0) body[body.length - 1] = `${count(left + 1)} more`;
  return out.concat(body, below).map((line) => line.trimEnd()).slice(0, height);
}

/** One run as one line, for logs. */
function lines(row) {
  const figures = COLUMNS.filter(({ title }) => !['pid', 'program', 'verdict'].includes(title))
    .map((column) => [column.title, column.of(row)])
    .filter(([, text]) => text !== '')
    .map(([title, text]) => `${title} ${text}`);
  const verdict = `${row.verdict || 'no verdict yet'}${row.hasEnded ? ' (ended)' : ''}`;
  return [`${row.name}${row.program ? ` ${row.program}` : ''}`, verdict, ...figures].join('  ');
}

module.exports = { frame, lines, sparkline };
