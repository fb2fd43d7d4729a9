'use strict';
// Many workers, GCs and snapshots in one watched process: it must not crash, and
// its memory must be flat at the end, beside the same without leakwatch.

const { run, withFolder } = require('./support/child');
const { median } = require('./support/statistics');
const { number } = require('./support/table');

const ARGS = { workers: 1000, gcs: 10000, snapshots: 100 };
const VARIANTS = { watched: 'watched by leakwatch', plain: 'plain Node' };

function megabytes(bytes) {
  return bytes / 1e6;
}

/** Growth over the last half: the first is warming up. */
function growth(rss) {
  const last = rss.slice(rss.length / 2);
  const middle = last.length / 2;
  return median(last.slice(middle)) - median(last.slice(0, middle));
}

async function one(variant, folder) {
  try {
    const args = Object.assign({ watched: variant === 'watched', folder }, ARGS);
    return await run('soak', args, { flags: ['--expose-gc'] });
  } catch (error) {
    return { crashed: error.message };
  }
}

async function bench({ log }) {
  log(`${ARGS.workers} workers, ${ARGS.gcs} GCs, ${ARGS.snapshots} snapshots`);
  // Side by side: memory does not depend on who has the CPU.
  const [watched, plain] = await withFolder(async (a) =>
    withFolder(async (b) => Promise.all([one('watched', a), one('plain', b)]))
  );
  const found = { watched, plain };
  const rows = Object.keys(VARIANTS).map((variant) => {
    const { rss, ms, crashed } = found[variant];
    if (crashed) return [VARIANTS[variant], 'crashed', ...Array(6).fill(null)];
    const points = [0, 5, 10, 15, 19].map((at) => number(megabytes(rss[at]), 0));
    return [VARIANTS[variant], ...points, number(megabytes(growth(rss)), 1), number(ms / 1e3, 0)];
  });
  const notes = [watched, plain].filter(({ crashed }) => crashed).map(({ crashed }) => crashed);
  if (!watched.crashed) {
    notes.push(`${number(watched.gcs, 0)} GCs recorded in the main thread, ${watched.missed} missed.`);
  }
  return {
    tables: [
      { head: ['RSS in MB after', '5 %', '30 %', '55 %', '80 %', '100 %', 'last half', 'seconds'], rows },
    ],
    targets: [
      { what: 'crashes', value: watched.crashed ? 1 : 0, digits: 0, most: 0 },
      {
        what: 'RSS over the last half, growth ÷ level',
        value: watched.crashed ? null : (100 * growth(watched.rss)) / median(watched.rss),
        unit: '%',
        digits: 1,
        most: 2,
      },
    ],
    notes,
  };
}

module.exports = { title: `${ARGS.workers} workers, ${ARGS.gcs} GCs, ${ARGS.snapshots} snapshots`, bench };
