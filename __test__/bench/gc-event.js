'use strict';
// What watching costs for each GC: CPU of all threads, and JavaScript garbage.
//
// A whole program cannot show differences under 2 % on a shared machine; the
// cost of one event can be told from thousands of them, in short blocks with the
// watcher alternately on and off in one process.

const { run } = require('./support/child');
const { differences, interval, median } = require('./support/statistics');
const { number, range } = require('./support/table');

const WATCHERS = ['none', 'leakwatch', 'leakwatch, listening', 'PerformanceObserver', 'gc-stats', 'prom-client'];
const ROUNDS = 3;
/**
 * Helper threads of V8 spin and wake as they please: a watcher that does more has come out at -16 µs that way. So what is held
 * against the target is measured without them, and both are shown.
 */
const MODES = {
  minor: { kind: 'minor', events: 200, pairs: 40, flags: ['--expose-gc'] },
  alone: { kind: 'minor', events: 1000, pairs: 24, flags: ['--expose-gc', '--single-threaded-gc'] },
  major: { kind: 'major', events: 20, pairs: 12, flags: ['--expose-gc', '--single-threaded-gc'] },
};

async function measure(watchers, log) {
  const found = {};
  for (const watcher of watchers) found[watcher] = { minor: [], alone: [], major: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const watcher of watchers) {
      for (const [mode, { kind, events, pairs, flags }] of Object.entries(MODES)) {
        log(`round ${round + 1} of ${ROUNDS}: ${watcher}, ${mode}`);
        found[watcher][mode].push(await run('gc-event', { watcher, kind, events, pairs }, { flags, cwd: __dirname }));
      }
    }
  }
  return found;
}

/** Differences between blocks side by side, of all rounds. */
function cost(runs, what) {
  return [].concat(...runs.map(({ on, off }) => differences(on[what], off[what])));
}

function row(watcher, runs) {
  if (!runs) return [watcher, 'not built', null, null, null, null];
  const [minor, alone, major] = [runs.minor, runs.alone, runs.major].map((of) => cost(of, 'cpu'));
  return [
    watcher,
    number(median(minor)),
    range(interval(minor)),
    number(median(alone)),
    number(median(cost(runs.minor, 'garbage')), 0),
    number(median(major), 1),
  ];
}

async function bench({ log, peers }) {
  const watchers = WATCHERS.filter((name) => peers[name] !== false);
  const found = await measure(watchers, log);
  const ours = found.leakwatch;
  const cpu = cost(ours.alone, 'cpu');
  const plain = median([].concat(...found.none.minor.map(({ off }) => off.cpu)));
  const plainMajor = median([].concat(...found.none.major.map(({ off }) => off.cpu)));
  return {
    tables: [
      {
        head: ['extra per GC', 'minor: µs', '95 %', 'one thread: µs', 'garbage: B', 'full GC: µs'],
        rows: WATCHERS.map((watcher) => row(watcher, found[watcher])),
      },
    ],
    targets: [
      { what: 'CPU of one minor GC event, one thread', value: median(cpu), spread: interval(cpu), unit: 'µs', most: 1 },
      {
        what: 'JavaScript garbage of one',
        value: median(cost(ours.minor, 'garbage')),
        unit: 'bytes',
        digits: 0,
        most: 0,
      },
    ],
    notes: [
      `Unwatched, one such GC with its turn of the event loop takes ${number(plain, 1)} µs (minor) and ` +
        `${number(plainMajor, 0)} µs (full) of CPU.`,
    ],
  };
}

module.exports = { title: 'Cost of one GC event', bench };
