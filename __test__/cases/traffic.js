'use strict';

// What a service does beside its leak. V8 collects the whole heap only once enough objects have grown old, so traffic
// keeps each answer for a while, in a ring of fixed size, as a service keeps what is in flight or recently used.
// warmUp() fills the ring, so that it does not grow while it is watched.

const ANSWERS = 400;
const ANSWERS_PER_ROUND = 80;
const FIELDS = 12;
const COLUMN = 6000;

const ring = new Array(ANSWERS).fill(null);
let served = 0;

// Some small rows, and a column of numbers as a report has: 24 or 48 KB that cost V8 little to make and to collect.
function answer(id) {
  const rows = [];
  for (let i = 0; i < FIELDS; i += 1) rows.push({ id: id + i, label: `row ${i} of ${id}`, done: false });
  return { id, rows, column: new Array(COLUMN).fill(id) };
}

/** Answers one round of requests; each answer takes the place of the one given 400 requests ago. */
function serve() {
  for (let i = 0; i < ANSWERS_PER_ROUND; i += 1) {
    ring[served % ANSWERS] = answer(served);
    served += 1;
  }
}

function warmUp() {
  for (let i = 0; i < ANSWERS / ANSWERS_PER_ROUND; i += 1) serve();
}

module.exports = { serve, warmUp };
