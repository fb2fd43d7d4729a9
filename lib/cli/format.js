'use strict';
// Figures and suspects as text. Pure.

const { bytes, signed } = require('../text/bytes');

function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Breaks `text` at spaces; the lines are `indent`ed. */
function wrap(text, indent = '', width = 80) {
  const lines = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line !== indent && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  lines.push(line);
  return lines;
}

function place({ url, line }) {
  return `${url}:${line}`;
}

/** A suspect as `leakwatch diff` shows it: what, how much, and how it is held. */
function suspect({ rank, name, kind, growthBytes, share, sentence, path, fingerprint }) {
  const steps = path.map(({ edge, node, location }, at) => {
    const where = location ? `  ${place(location)}` : '';
    return `     ${at > 0 && edge ? `${edge} ` : ''}${node}${where}`;
  });
  return [
    `${rank}. ${name} [${kind}] ${signed(growthBytes)} (${Math.round(share * 100)} %)`,
    ...wrap(sentence, '   '),
    ...steps,
    `   fingerprint ${fingerprint}`,
  ];
}

module.exports = { bytes, duration, place, signed, suspect, wrap };
