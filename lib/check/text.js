'use strict';
// What a check found, in words.

const { rate } = require('../text/bytes');

/** Suspects told in a message; all of them are in the result. */
const TOLD = 3;

/** A figure of a channel; the interval of few rounds has no ends. */
function amount(channel, value) {
  if (!Number.isFinite(value)) return value > 0 ? 'any number' : 'unknown';
  return channel === 'contexts' ? `${value.toFixed(2)} contexts` : rate(value);
}

function describe(result) {
  const lines = [`the function leaks: ${result.reason}`];
  for (const { rank, sentence } of result.suspects.slice(0, TOLD)) lines.push(`${rank}. ${sentence}`);
  if (result.suspectsMissing) lines.push(`No suspects: ${result.suspectsMissing}`);
  return lines.join('\n');
}

module.exports = { amount, describe };
