'use strict';
// CPU of an allocation loop before and after a snapshot, on a live heap.
//
// {by: 'none' | 'leakwatch' | 'keepIds' | 'v8', bytes, loops, folder}

const fs = require('fs');
const path = require('path');
const { args, leakwatch, main } = require('../support/program');
const { fill, used } = require('../support/heaps');
const { loop } = require('../support/allocation');

function snapshot(file) {
  if (args.by === 'none') {
    // Collects all garbage as a snapshot does, and no more.
    leakwatch().gc();
    return;
  }
  if (args.by === 'v8') require('v8').writeHeapSnapshot(file);
  else leakwatch().writeSnapshot(file, { force: true, keepIds: args.by === 'keepIds' });
  fs.unlinkSync(file);
}

main(() => {
  const heap = fill(args.bytes);
  const file = path.join(args.folder, `${args.by}-${process.pid}.heapsnapshot`);
  const times = (count) => Array.from({ length: count }, () => loop());
  times(2);
  // The same state on both sides: right after all garbage was collected.
  leakwatch().gc();
  times(1);
  const before = times(args.loops);
  snapshot(file);
  times(1);
  const after = times(args.loops);
  return { before, after, used: used(), kept: heap.length };
});
