'use strict';
// Two ways to show the same: a frame redrawn in place, or plain lines.

const COLORS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
// eslint-disable-next-line no-control-regex
const ESCAPES = /\x1b\[[\d;]*m/g;

const { env, stdout } = process;
const isColoured = Boolean(stdout.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb';

function paint(color, text) {
  return isColoured && text.trim() ? `\x1b[${COLORS[color]}m${text}\x1b[0m` : text;
}

/** Columns it takes; all characters used here are one column wide. */
function columns(text) {
  return text.replace(ESCAPES, '').length;
}

function pad(text, width) {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** Lines of at most `width` columns; a word that is longer stays whole. */
function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}

/** Draws frames over one another; without a terminal that can, it does nothing. */
class Screen {
  constructor() {
    this._height = 0;
    this._isHidden = false;
  }

  /** Whether a frame of so many lines can be redrawn in place. */
  static fits(lines) {
    return Boolean(stdout.isTTY) && env.TERM !== 'dumb' && stdout.columns >= 80 && stdout.rows > lines;
  }

  draw(lines) {
    if (!this._isHidden) {
      this._isHidden = true;
      stdout.write('\x1b[?25l');
    }
    // Each line is overwritten and its rest cleared, never the whole screen
    // first: so nothing flickers.
    const up = this._height ? `\x1b[${this._height}A` : '';
    stdout.write(`${up}\r${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
    this._height = lines.length;
  }

  /** Leaves what was drawn last and gives the cursor back. */
  end() {
    if (this._isHidden) stdout.write('\x1b[?25h');
    this._isHidden = false;
    this._height = 0;
  }
}

module.exports = { Screen, columns, pad, paint, wrap };
