'use strict';
// Bars of block characters, an eighth of a row fine.

const { paint } = require('./terminal');

const BLOCKS = ' ▁▂▃▄▅▆▇█';

/** The least of 1, 2, 3, 4, 5, 6, 8 times a power of ten that is not below `value`. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * 0.999) * power;
}

/**
 * One line of text for each row, the top first. `bars` are `{value, color}`;
 * when there are more than `width`, the last ones are shown. The scale starts
 * at 0, so that a flat series looks flat.
 */
function chart(bars, { width, height, top }) {
  const shown = bars.slice(-width);
  const lines = [];
  for (let row = height - 1; row >= 0; row--) {
    const share = (row + 1) / height;
    const isLabelled = row === height - 1 || share === 0.5;
    let line = `${(isLabelled ? String(top * share) : '').padStart(4)} ${paint('dim', isLabelled ? '┤' : '│')}`;
    for (const { value, color } of shown) {
      const eighths = Math.round((value / top) * height * 8) - row * 8;
      line += paint(color, BLOCKS[Math.max(0, Math.min(8, eighths))]);
    }
    lines.push(line + ' '.repeat(width - shown.length));
  }
  // At the top of its row, where the bars stand.
  lines.push(`${'0'.padStart(4)}  ${paint('dim', '▔'.repeat(width))}`);
  return lines;
}

module.exports = { chart, roundUp };
