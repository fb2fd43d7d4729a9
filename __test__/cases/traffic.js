'use strict';

// What a service does beside its leak. V8 collects the whole heap only once enough objects have grown old, so traffic
// keeps each answer for a while, in a ring of fixed size, as a service keeps what is in flight or recently used.
// warmUp() fills the ring, so that it does not grow while it is watched.

const SLOTS = 4000;
const ANSWERS_PER_ROUND = 800;
const FIELDS = 24;

const ring = new Array(SLOTS).fill(null);
let served = 0;

function answer(id) {
  const rows = [];
  for (let i = 0; i < FIELDS; i += 1) rows.push({ id: id + i, label: `row ${i} of ${id}`, done: false });
  return { id, rows };
}

/** Answers one round of requests; each answer takes the place of the one given 4,000 requests ago. */
function serve() {
  for (let i = 0; i < ANSWERS_PER_ROUND; i += 1) {
    ring[served % SLOTS] = answer(served);
    served += 1;
  }
}

function warmUp() {
  for (let i = 0; i < SLOTS / ANSWERS_PER_ROUND; i += 1) serve();
}

module.exports = { serve, warmUp };
