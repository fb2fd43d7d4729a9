'use strict';
// Waits for a signal in a loop that never yields, with one tool installed.
//
// {by: 'leakwatch' | 'node' | 'heapdump', busyMs, bytes, folder}; the flag for
// Node's own is given by whoever starts this.

const { args, leakwatch, main, now, send, turn } = require('../support/program');
const { fill } = require('../support/heaps');

const SIGNAL = 'SIGUSR2';

function busy(ms) {
  const end = now() + ms;
  let gap = 0;
  for (let last = now(); last < end; ) {
    const at = now();
    gap = Math.max(gap, at - last);
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
  const gapMs = busy(args.busyMs);
  await send('idle', { at: Date.now(), gapMs, kept: heap.length });
  // The signal may be served only now; whoever started this says when it was.
  await new Promise((resolve) => process.once('message', resolve));
  return true;
});
