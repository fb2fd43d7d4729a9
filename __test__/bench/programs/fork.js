'use strict';
// How long an isolate stands still for a capture in a copy, and for others' snapshots.
//
// {bytes, pauses, captures, peers, folder}: milliseconds of each, with and without
// the time in which other programs had the CPU.

const fs = require('fs');
const path = require('path');
const { args, leakwatch, main, now, undisturbed } = require('../support/program');
const { fill, used } = require('../support/heaps');

const OPTIONS = { mode: 'fork', niceness: 0, force: true };

/** Whether a copy of this process is alive; its number is higher but for a turn of the counter. */
function hasCopy() {
  return fs.readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'latin1');
      return stat.includes('(leakwatch-fork)') && Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === process.pid;
    } catch (_) {
      return false;
    }
  });
}

/** This thread's time in the queue for a CPU so far, in ms. */
function waited() {
  return Number(fs.readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
}

/**
 * The longest time that the event loop did not turn until the copy was there,
 * which is then ended: a pause without the seconds that a whole file takes.
 */
async function pause(tool, file) {
  const controller = new AbortController();
  const taken = tool.promises.writeSnapshot(file, { ...OPTIONS, signal: controller.signal }).catch((error) => {
    if (error.code !== 'ERR_LEAKWATCH_ABORTED') throw error;
  });
  const longest = { ms: 0, ownMs: 0 };
  let [last, lastWaited] = [now(), waited()];
  for (let turns = 0; ; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    const [time, queued] = [now(), waited()];
    if (time - last > longest.ms) Object.assign(longest, { ms: time - last, ownMs: time - last - (queued - lastWaited) });
    [last, lastWaited] = [time, queued];
    if (turns % 100 === 0) {
      if (hasCopy()) break;
      [last, lastWaited] = [now(), waited()];
    }
  }
  controller.abort();
  await taken;
  return longest;
}

async function whole(tool, file) {
  const { pauseMs, totalMs, bytes, attempts = 1 } = await tool.promises.writeSnapshot(file, OPTIONS);
  fs.unlinkSync(file);
  return { pauseMs, totalMs, bytes, attempts };
}

const INLINE = {
  v8: (file) => require('v8').writeHeapSnapshot(file),
  heapdump: (file) =>
    new Promise((resolve, reject) => require('heapdump').writeSnapshot(file, (error) => (error ? reject(error) : resolve()))),
};

async function inline(name, file) {
  if (name !== 'v8') require(name);
  const { ms, ownMs } = await undisturbed(() => INLINE[name](file));
  if (fs.existsSync(file)) fs.unlinkSync(file);
  // Or the next one would pay for this one's ids.
  leakwatch().histogram();
  return { ms, ownMs };
}

main(async () => {
  const heap = fill(args.bytes);
  const tool = leakwatch();
  tool.gc();
  const file = path.join(args.folder, 'bench.heapsnapshot');
  const found = { used: used(), rss: process.memoryUsage().rss, pauses: [], wholes: [], inline: {} };
  for (let i = 0; i < args.captures; i++) found.wholes.push(await whole(tool, file));
  for (let i = 0; i < args.pauses; i++) found.pauses.push(await pause(tool, file));
  for (const name of args.peers) found.inline[name] = await inline(name, file);
  found.kept = heap.length;
  return found;
});
