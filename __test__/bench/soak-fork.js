'use strict';
// Captures in copies of a process that allocates in five isolates: every file must
// be whole and of the right isolate, and nothing of the copies may be left.
//
// LEAKWATCH_BENCH_CAPTURES and LEAKWATCH_BENCH_NODES ("20.20.2,24.21.0") say how many, and where.

const fs = require('fs');
const { find } = require('./support/nodes');
const { message, start, withFolder } = require('./support/child');
const { median } = require('./support/statistics');
const { number } = require('./support/table');
const leakwatch = require('../..');

const CAPTURES = Number(process.env.LEAKWATCH_BENCH_CAPTURES) || 1000;
const NODES = (process.env.LEAKWATCH_BENCH_NODES || '18.20.8,20.20.2,22.23.0,24.21.0,26.10.0').split(',');
const WARM_UP = 20;
const MARKERS = 1000;
/** No outcome for so long is a hang: a copy is given up after minutes, and none needs one. */
const HUNG_MS = 300000;

/** Whether the file is whole and holds its own isolate's objects alone. */
async function isRight({ file, threadId }) {
  const { classes } = await leakwatch.summarize(file, { topClasses: 0 });
  const marked = classes.filter(({ name }) => /^Marker\d+$/.test(name));
  return marked.length === 1 && marked[0].name === `Marker${threadId}` && marked[0].count === MARKERS;
}

function tally() {
  return { captures: 0, whole: 0, wrong: 0, failed: 0, retries: 0, retried: 0, ofMain: 0, pauses: [], totals: [], why: [] };
}

async function take(found, outcome) {
  found.captures += 1;
  if (outcome.error) {
    found.failed += 1;
    found.why.push(outcome.error);
    return;
  }
  try {
    if (await isRight(outcome)) found.whole += 1;
    else found.wrong += 1;
  } catch (error) {
    found.wrong += 1;
    found.why.push(error.message);
  }
  fs.unlinkSync(outcome.file);
  found.retries += outcome.attempts - 1;
  if (outcome.attempts > 1) found.retried += 1;
  if (outcome.threadId === 0) found.ofMain += 1;
  found.pauses.push(outcome.pauseMs);
  found.totals.push(outcome.totalMs);
}

async function soak(version, node, folder, log) {
  const found = tally();
  const child = start('soak-fork', { captures: CAPTURES, warmUp: WARM_UP, folder }, { node, flags: ['--max-old-space-size=512'] });
  let parsing = Promise.resolve();
  let hung = null;
  const alive = () => {
    clearTimeout(hung);
    hung = setTimeout(() => {
      found.why.push(`no outcome for ${HUNG_MS / 1000} s`);
      child.kill('SIGKILL');
    }, HUNG_MS);
  };
  alive();
  child.on('message', ({ name, value }) => {
    if (name !== 'file') return;
    alive();
    parsing = parsing.then(() => take(found, value));
    log(`Node ${version}: ${found.captures} captures, ${found.retries} retries, ${found.failed + found.wrong} bad`);
  });
  try {
    found.end = await message(child, 'result');
  } catch (error) {
    found.why.push(error.message);
  }
  const { code, signal } = await child.ended;
  clearTimeout(hung);
  await parsing;
  if (code !== 0) found.why.push(`the service ended with ${signal || code}`);
  return found;
}

function megabytes(bytes) {
  return number(bytes / 1e6, 0);
}

function rows(all) {
  return all.map(({ version, captures, whole, ofMain, failed, wrong, retries, pauses, totals, end }) => [
    version,
    captures,
    whole,
    ofMain,
    failed + wrong,
    retries,
    number(median(pauses), 1),
    number(Math.max(...pauses), 1),
    number(median(totals), 0),
    end ? `${megabytes(end.before.rss)} → ${megabytes(end.after.rss)}` : null,
    end ? `${end.before.descriptors} → ${end.after.descriptors}` : null,
  ]);
}

/** Everything that must be as before, as a number that must be 0. */
function left({ end }) {
  if (!end) return null;
  const unmarked = end.after.notInherited < end.after.heapTotal && end.before.notInherited >= end.before.heapTotal;
  return end.children.length + Math.max(0, end.after.descriptors - end.before.descriptors) + end.wrongExits + Number(unmarked);
}

async function bench({ log }) {
  const all = [];
  for (const version of NODES) {
    const node = await find(version);
    if (!node) continue;
    const found = await withFolder((folder) => soak(version, node, folder, log));
    all.push({ version, ...found });
  }
  const head = ['Node', 'captures', 'whole', 'of main', 'bad', 'retries', 'pause ms', 'worst', 'total ms', 'RSS MB', 'descriptors'];
  const sum = (count) => all.reduce((total, found) => total + count(found), 0);
  return {
    tables: [{ head, rows: rows(all) }],
    targets: [
      { what: 'captures without a whole file', value: sum((found) => Math.max(found.captures, CAPTURES) - found.whole), digits: 0, most: 0 },
      { what: 'hangs and crashes of the service', value: sum(({ end }) => (end ? 0 : 1)), digits: 0, most: 0 },
      { what: 'zombies, descriptors, marks and wrong exits left', value: sum((found) => left(found) || 0), digits: 0, most: 0 },
    ],
    notes: [
      ...all.map(
        ({ version, captures, retried, end }) =>
          `Node ${version}: ${retried} of ${captures} captures took more than one copy; ` +
          (end ? `${number(end.spawned, 0)} children of Node's own came and went meanwhile.` : 'the service did not come to its end.')
      ),
      ...new Set(all.flatMap(({ version, why }) => why.map((text) => `Node ${version}: ${text}`))),
    ],
  };
}

module.exports = { title: 'One capture in a copy after another, in five isolates that allocate', bench };
