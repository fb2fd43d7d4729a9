'use strict';
// A leak is believed only when it goes on, and stays when memory is short: one
// more round, with the strongest collection V8 has before and after it. V8's own
// caches (of compiled scripts, for one) go then; what the program holds does not.
// Two snapshots, one from before most of it grew, show what holds it.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { diff } = require('../analysis');
const { writeSnapshotAsync } = require('../snapshot');
const { removeFolder } = require('../evidence/remove');
const { withWholeSources } = require('../whole-sources');
const { ENOUGH_ITERATIONS } = require('./rounds');

/**
 * What is run again, as a share of the iterations so far, and the share of the
 * rate that must be seen then. What is in one table alone grows when the table
 * doubles, so a second try runs as much as was run before.
 */
const TRIES = [
  { again: 1 / 3, keepsOn: 0.5 },
  { again: 1, keepsOn: 0.25 },
];
/** After few iterations noise is large and a cache seldom full: as many again, at once. */
const TRIES_AFTER_FEW = [{ again: 1, keepsOn: 0.6 }];
const MAX_SUSPECTS = 10;
/** What is less of the growth is what check() itself, and Node for it, loaded between the snapshots. */
const MIN_SHARE = 0.01;

/** Snapshots in a private folder that goes away whatever happens. */
class Evidence {
  constructor(signal) {
    this.signal = signal;
    this.paths = [];
    this.missing = null;
    this.folder = null;
    this.remove = () => {
      process.removeListener('exit', this.remove);
      if (this.folder) removeFolder(this.folder);
      this.folder = null;
    };
  }

  makeFolder() {
    if (this.folder) return;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-check-'));
    // process.exit() in the middle runs no finally.
    process.on('exit', this.remove);
  }

  async attempt(work) {
    if (this.missing !== null) return undefined;
    try {
      return await work();
    } catch (error) {
      if (error.code === 'ERR_LEAKWATCH_ABORTED') throw error;
      // The verdict stands without suspects: no memory or disk for a snapshot, as a rule.
      this.missing = error.message;
      return undefined;
    }
  }

  /** Nobody but the function is kept waiting, so not in a copy of the process: that costs twice the CPU time of so small a heap. */
  async take(name) {
    await this.attempt(async () => {
      this.makeFolder();
      const file = path.join(this.folder, `${name}.heapsnapshot`);
      await withWholeSources(() => writeSnapshotAsync(file, { mode: 'inline', signal: this.signal }));
      this.paths.push(file);
    });
  }

  async suspects() {
    const found = await this.attempt(() => diff(this.paths, { topSuspects: MAX_SUSPECTS, signal: this.signal }));
    const suspects = found ? found.suspects.filter(({ share }) => share >= MIN_SHARE) : [];
    if (found && suspects.length === 0) this.missing = 'nothing that grew stands out between two snapshots';
    return { suspects, suspectsMissing: this.missing };
  }
}

/** Whether more of the same makes it grow on, at something like the rate seen. */
async function goesOn(run, channel, perIteration) {
  const few = run.counted() < ENOUGH_ITERATIONS && channel !== 'contexts';
  let before = await run.settle(true);
  for (const { again, keepsOn } of few ? TRIES_AFTER_FEW : TRIES) {
    const count = Math.max(1, Math.ceil(run.counted() * again));
    if (!few && again === 1 && !run.hasTimeFor(count)) return false;
    // Fewer, where the heap is small.
    const done = await run.repeat(count);
    const after = await run.settle(true);
    if (after[channel] - before[channel] >= keepsOn * perIteration * done) return true;
    before = after;
  }
  return false;
}

/** `{confirmed, suspects, suspectsMissing}` for what `rounds` showed on `channel`, `perIteration` of it. */
async function confirm(run, { channel, perIteration }) {
  const { evidence } = run;
  if (evidence && evidence.paths.length === 0) await evidence.take('before');
  const confirmed = await goesOn(run, channel, perIteration);
  if (!confirmed || !evidence) return { confirmed, suspects: [], suspectsMissing: null };
  await evidence.take('after');
  return Object.assign({ confirmed }, await evidence.suspects());
}

module.exports = { Evidence, confirm };
