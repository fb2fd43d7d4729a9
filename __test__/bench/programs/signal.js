'use strict';
// Waits for a signal in a loop that never yields, with one tool installed.
//
// {by: 'leakwatch' | 'node' | 'heapdump', busyMs, bytes, folder}; the flag for
// Node's own is given by whoever starts this.

const { args, leakwatch, main, send, turn } = require('../support/program');
const { fill } = require('../support/heaps');

const SIGNAL = 'SIGUSR2';

/** Runs without yielding; the longest time in which it did not get on. */
function busy(ms) {
  const end = Date.now() + ms;
  const gap = { at: 0, ms: 0 };
  for (let last = Date.now(); last < end; ) {
    const at = Date.now();
    if (at - last > gap.ms) Object.assign(gap, { at: last, ms: at - last });
    last = at;
  }
  return gap;
}

main(async () => {
  const heap = fill(args.bytes);
  process.chdir(args.folder);
  if (args.by === 'leakwatch') leakwatch().snapshotOnSignal(SIGNAL, { path: args.folder });
  if (args.by === 'heapdump') require('heapdump');
  await turn();
  await send('busy', Date.now());
  const gap = busy(args.busyMs);
  await send('idle', { at: Date.now(), gap, kept: heap.length });
  // The signal may be served only now; whoever started this says when it was.
  await new Promise((resolve) => process.once('message', resolve));
  return true;
});
