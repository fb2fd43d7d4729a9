'use strict';
// Three captures in copies of the process beside three files written by copies, in turns, on one heap with a leak.
//
// {bytes, folder}: milliseconds and bytes of each, the copies' memory, and whether both name the same suspects.

const fs = require('fs');
const path = require('path');
const { args, leakwatch, main, now } = require('../support/program');
const { fill, used } = require('../support/heaps');

const STEPS = 3;
const POLL_MS = 20;

class Kept {
  constructor(n) {
    this.text = 'kept'.repeat(50) + n;
    this.numbers = new Array(20).fill(n);
  }
}
const kept = new Map();

/** The most memory that a child of this process had, in bytes, beside what it shares. */
function watchChildren() {
  let most = 0;
  const look = () => {
    for (const name of fs.readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
        if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== process.pid) continue;
        const rollup = fs.readFileSync(`/proc/${name}/smaps_rollup`, 'utf8');
        const own = /Private_Dirty:\s+(\d+)/.exec(rollup);
        if (own) most = Math.max(most, Number(own[1]) * 1024);
      } catch (_) {
        // It has ended.
      }
    }
  };
  const timer = setInterval(look, POLL_MS);
  return () => {
    clearInterval(timer);
    return most;
  };
}

async function timed(body) {
  const end = watchChildren();
  const start = now();
  const value = await body();
  return { value, ms: now() - start, memory: end() };
}

const gist = ({ fingerprint, name, countBefore, countAfter }) => `${fingerprint} ${name} ${countBefore}–${countAfter}`;

main(async () => {
  const heap = fill(args.bytes);
  const tool = leakwatch();
  const found = { files: [], captures: [], used: used() };
  const [paths, captures] = [[], []];
  for (let step = 0; step < STEPS; step++) {
    for (let n = 0; n < 4000; n++) kept.set(kept.size, new Kept(n));
    const file = await timed(() => tool.promises.writeSnapshot(path.join(args.folder, `${step}.heapsnapshot`), { mode: 'fork', force: true }));
    const taken = await timed(() => tool.promises.capture({ mode: 'fork', force: true, since: captures }));
    paths.push(file.value.path);
    captures.push(taken.value);
    found.files.push({ ms: file.ms, pauseMs: file.value.pauseMs, bytes: file.value.bytes, memory: file.memory });
    found.captures.push({ ms: taken.ms, pauseMs: taken.value.pauseMs, bytes: taken.value.data.length, memory: taken.memory });
    found.nodes = taken.value.nodes;
  }
  const analysis = await timed(() => tool.diff(paths));
  found.diffMs = analysis.ms;
  found.ofFiles = analysis.value.suspects.slice(0, 3).map(gist);
  found.ofCaptures = captures[STEPS - 1].diff.suspects.slice(0, 3).map(gist);
  found.byShape = (await tool.diff([captures[0], captures[STEPS - 1]])).suspects.slice(0, 3).map(gist);
  found.kept = heap.length;
  return found;
});
