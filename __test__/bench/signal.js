'use strict';
// A signal in the middle of a busy loop: how long until its snapshot begins and
// is there. It has begun when the loop stands still for it, or else when there is
// a file; it is there when the file no longer grows.

const fs = require('fs');
const path = require('path');
const { message, start, withFolder } = require('./support/child');
const { median } = require('./support/statistics');
const { number } = require('./support/table');

const BUSY_MS = 5000;
const BYTES = 20e6;
const SENT_AFTER_MS = 500;
const ROUNDS = 3;
/** Nothing is served later than this, or not at all. */
const PATIENCE_MS = 30000;
const POLL_MS = 2;
const QUIET_MS = 300;

const VARIANTS = {
  leakwatch: { label: 'leakwatch.snapshotOnSignal', flags: [] },
  node: { label: 'node --heapsnapshot-signal', flags: ['--heapsnapshot-signal=SIGUSR2'] },
  heapdump: { label: 'heapdump', flags: [] },
};

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function size(file) {
  try {
    return fs.statSync(file).size;
  } catch (_) {
    // It was renamed between the two calls.
    return -1;
  }
}

/** Milliseconds after `sent` at which a file was first seen, and last grew. */
async function watchFolder(folder, sent) {
  let begun = null;
  let last = { at: sent, size: 0 };
  while (Date.now() - sent < PATIENCE_MS) {
    const names = fs.readdirSync(folder);
    const now = Date.now();
    if (names.length > 0 && begun === null) begun = now;
    const whole = names.find((name) => name.endsWith('.heapsnapshot'));
    const bytes = whole ? size(path.join(folder, whole)) : 0;
    if (bytes !== last.size) last = { at: now, size: bytes };
    else if (bytes > 0 && now - last.at > QUIET_MS) return { begun: begun - sent, ended: last.at - sent, bytes };
    await sleep(POLL_MS);
  }
  return { begun: null, ended: null, bytes: 0 };
}

async function once(by) {
  return withFolder(async (folder) => {
    const args = { by, busyMs: BUSY_MS, bytes: BYTES, folder };
    const child = start('signal', args, { flags: VARIANTS[by].flags });
    const idle = message(child, 'idle');
    await message(child, 'busy');
    await sleep(SENT_AFTER_MS);
    const sent = Date.now();
    child.kill('SIGUSR2');
    const seen = await watchFolder(folder, sent);
    const { at, gap } = await idle;
    child.send('done');
    await child.ended;
    // The loop stood still for the snapshot if that was there right after.
    const stood = gap.at - sent;
    if (seen.ended !== null && seen.ended <= stood + gap.ms + QUIET_MS) seen.begun = Math.min(seen.begun, stood);
    return Object.assign(seen, { loopEnded: at - sent });
  });
}

async function bench({ log, peers }) {
  const names = Object.keys(VARIANTS).filter((by) => peers[by] !== false);
  const found = {};
  for (const by of names) found[by] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const by of names) {
      log(`round ${round + 1} of ${ROUNDS}: ${VARIANTS[by].label}`);
      found[by].push(await once(by));
    }
  }
  const seconds = (by, what) => {
    const values = found[by].map((one) => one[what]);
    return values.includes(null) ? null : median(values) / 1e3;
  };
  const ours = found.leakwatch.map(({ begun }) => (begun === null ? Infinity : begun / 1e3));
  return {
    tables: [
      {
        head: ['seconds after the signal', 'begun', 'file whole', 'busy loop over'],
        rows: Object.keys(VARIANTS).map((by) =>
          found[by]
            ? [VARIANTS[by].label, ...['begun', 'ended', 'loopEnded'].map((what) => number(seconds(by, what)))]
            : [VARIANTS[by].label, 'not built', null, null]
        ),
      },
    ],
    targets: [
      {
        what: 'until the snapshot begins',
        value: median(ours),
        spread: [Math.min(...ours), Math.max(...ours)],
        digits: 3,
        unit: 's',
        most: 0.5,
      },
    ],
    notes: [
      `A loop of ${BUSY_MS / 1e3} s that never yields, the signal ${SENT_AFTER_MS / 1e3} s into it; ` +
        `${BYTES / 1e6} MB of heap.`,
    ],
  };
}

module.exports = { title: 'A signal during a busy loop', bench };
