'use strict';
// Draws a captured terminal as an SVG picture. docs/demo.svg was made so:
//
//   tmux new-session -d -s demo -x 80 -y 32 'node scripts/demo.js; sleep 60'
//   tmux capture-pane -p -e -t demo | sed -n '/leakwatch demo/,$p' |
//     node scripts/demo/svg.js docs/demo.svg
//
// the second command once the demo has said how it ended.

const fs = require('fs');

const CELL = { width: 8.4, height: 18 };
const MARGIN = 16;
const BAR = 28;
const BACKGROUND = '#16181d';
const FOREGROUND = '#d5d9e0';
const PALETTE = ['#3b4048', '#f0605f', '#7fc873', '#e5b95c', '#61a8ee', '#c67add', '#4fb8c4', '#d5d9e0'];

/** Runs of characters with one style each, in the order of the columns. */
function parse(line) {
  const spans = [];
  let style = {};
  let column = 0;
  // eslint-disable-next-line no-control-regex
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    if (part.startsWith('\x1b')) {
      for (const code of part.slice(2, -1).split(';').map(Number)) style = restyle(style, code);
    } else if (part) {
      spans.push({ column, text: part, ...style });
      column += part.length;
    }
  }
  return spans;
}

function restyle(style, code) {
  if (code === 0) return {};
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code >= 30 && code <= 37) return { ...style, color: PALETTE[code - 30] };
  if (code === 39) return { ...style, color: undefined };
  return style;
}

function escape(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

const round = (value) => Number(value.toFixed(2));

/** Block and line characters are drawn: fonts leave seams between them. */
function shape(character, x, top, fill) {
  const rect = (left, y, width, height) =>
    `<rect x="${round(left)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" ${fill}/>`;
  const { width, height } = CELL;
  const middle = x + width / 2;
  if (character === '▔') return rect(x, top, width, 1);
  const upright = rect(middle, top, 1, height);
  if (character === '│') return upright;
  if (character === '┤') return upright + rect(x, top + height / 2, width / 2, 1);
  const tall = (height * ('▁▂▃▄▅▆▇█'.indexOf(character) + 1)) / 8;
  return rect(x, top + height - tall, width - 0.8, tall);
}

function draw({ column, text, color, bold, dim }, top) {
  const fill = `fill="${color || FOREGROUND}"${dim ? ' fill-opacity="0.6"' : ''}`;
  const weight = bold ? ' font-weight="bold"' : '';
  let out = '';
  // Every word is put at its column: the reader's font may be of other widths.
  for (const { 0: word, index } of text.matchAll(/[│┤▔▁-█]|[^\s│┤▔▁-█]+(?: [^\s│┤▔▁-█]+)*/g)) {
    const x = round(MARGIN + (column + index) * CELL.width);
    if (/[│┤▔▁-█]/.test(word)) {
      out += shape(word, x, top, fill);
      continue;
    }
    const length = round(word.length * CELL.width);
    const y = round(top + CELL.height * 0.75);
    out += `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs" ${fill}${weight}>${escape(word)}</text>`;
  }
  return out;
}

function svg(capture, columns) {
  const lines = capture.trimEnd().split('\n');
  const width = round(columns * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + BAR + MARGIN + 4;
  const rows = lines.map((line, at) => parse(line).map((span) => draw(span, BAR + 4 + at * CELL.height)).join(''));
  const dots = ['#f0605f', '#e5b95c', '#7fc873'].map((fill, at) => `<circle cx="${20 + at * 18}" cy="16" r="5" fill="${fill}"/>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14">`,
    `\n<title>npm run demo</title>\n<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>\n${dots.join('')}`,
    `<text x="${width / 2}" y="21" text-anchor="middle" fill="${FOREGROUND}" fill-opacity="0.6">npm run demo</text>\n`,
    `${rows.filter(Boolean).join('\n')}\n</svg>\n`,
  ].join('');
}

const target = process.argv[2];
const capture = fs.readFileSync(0, 'utf8');
if (!target || !capture.trim()) {
  process.stderr.write('usage: tmux capture-pane -p -e -t NAME | node scripts/demo/svg.js FILE.svg\n');
  process.exit(1);
}
fs.writeFileSync(target, svg(capture, 80));
