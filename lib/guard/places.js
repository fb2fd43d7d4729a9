'use strict';
// Where something happened, from a stack as text.

const path = require('path');

const OWN = path.join(__dirname, path.sep);
const FRAMES = 30;

/**
 * The stack here as text, ours left out. Never the error itself: it would hold
 * the functions on its stack, and with them the contexts they come from.
 */
function stackHere() {
  const before = Error.stackTraceLimit;
  let text;
  try {
    Error.stackTraceLimit = FRAMES;
  } catch (_) {
    // Frozen intrinsics: as many frames as there are.
  }
  try {
    text = String(new Error().stack);
  } finally {
    try {
      Error.stackTraceLimit = before;
    } catch (_) {
      // As above.
    }
  }
  return text
    .split('\n')
    .slice(1)
    .filter((line) => !line.includes(OWN))
    .join('\n');
}

/** The first place of a stack; null where it names none. */
function placeOf(stack) {
  const match = /^\s*at (?:.*\()?((?:file:\/\/)?[^()\n]+?):(\d+):(\d+)\)?$/m.exec(stack);
  return match ? { url: match[1], line: Number(match[2]), column: Number(match[3]) } : null;
}

function show(place) {
  return place ? `${place.url}:${place.line}:${place.column}` : 'an unknown place';
}

module.exports = { placeOf, show, stackHere };
