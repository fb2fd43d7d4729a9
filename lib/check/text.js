'use strict';
// What a check found, in words.

const UNITS = ['bytes', 'KB', 'MB', 'GB'];
/** Suspects told in a message; all of them are in the result. */
const TOLD = 3;

function bytes(value) {
  if (!Number.isFinite(value)) return value > 0 ? 'any number of bytes' : 'unknown';
  let unit = 0;
  let size = value;
  while (Math.abs(size) >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${Math.abs(size) >= 100 || Number.isInteger(size) ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

function amount(channel, value) {
  return channel === 'contexts' ? `${value.toFixed(2)} contexts` : bytes(value);
}

function describe(result) {
  const lines = [`the function leaks: ${result.reason}`];
  for (const { rank, sentence } of result.suspects.slice(0, TOLD)) lines.push(`${rank}. ${sentence}`);
  if (result.suspectsMissing) lines.push(`No suspects: ${result.suspectsMissing}`);
  return lines.join('\n');
}

module.exports = { amount, bytes, describe };
