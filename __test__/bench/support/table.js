'use strict';
// Results as text of at most 100 columns.

const WIDTH = 100;

function pad(text, width, left) {
  return left ? text.padEnd(width) : text.padStart(width);
}

/** Names on the left, figures on the right. */
function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map((cell) => (cell === null ? '–' : String(cell))));
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at].length)));
  const lines = all.map((row) => row.map((cell, at) => pad(cell, widths[at], at === 0)).join('  ').trimEnd());
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return lines;
}

/** Breaks at spaces; a note is a sentence, not a column. */
function wrap(text, indent) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last.length + word.length + indent.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.map((line) => indent + line);
}

function number(value, digits) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const fixed = value.toFixed(digits === undefined ? 2 : digits);
  // A minus before nothing but zeros says nothing.
  const clean = Number(fixed) === 0 ? fixed.replace('-', '') : fixed;
  const [whole, part] = clean.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return part ? `${grouped}.${part}` : grouped;
}

function range([low, high], digits) {
  return `${number(low, digits)} … ${number(high, digits)}`;
}

function met(target) {
  if (target.value === null || target.value === undefined) return null;
  return target.most !== undefined ? target.value <= target.most : target.value >= target.least;
}

function targetLine(target) {
  const bound = target.most !== undefined ? `≤ ${target.most}` : `≥ ${target.least}`;
  const verdict = { true: 'met', false: 'NOT MET', null: 'not measured' }[met(target)];
  const unit = target.unit ? ` ${target.unit}` : '';
  const value = target.value === null ? '' : `: ${number(target.value, target.digits)}${unit}`;
  const spread = target.spread ? ` (${range(target.spread, target.digits)})` : '';
  return `${verdict.padEnd(8)} ${target.what}${value}${spread}, target ${bound}${unit}`;
}

/** One benchmark's result: `{tables: [{title?, head, rows}], targets, notes}`. */
function render(result) {
  const lines = [];
  for (const { title, head, rows } of result.tables || []) {
    if (title) lines.push(`  ${title}`);
    lines.push(...table(head, rows).map((line) => `  ${line}`), '');
  }
  for (const target of result.targets || []) {
    const [first, ...rest] = wrap(targetLine(target), '  ');
    lines.push(first, ...rest.map((line) => `         ${line}`));
  }
  for (const note of result.notes || []) lines.push(...wrap(note, '  '));
  return lines;
}

module.exports = { met, number, range, render };
