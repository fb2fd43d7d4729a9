'use strict';
// One snapshot of a heap of classes from a large script.
//
// {by: 'leakwatch' | 'v8', objects, source, folder}; runs on Node 12 and later.

const fs = require('fs');
const path = require('path');
const { args, leakwatch, main, now } = require('../support/program');
const { classHeap } = require('../support/heaps');

main(() => {
  const { heap, sourceBytes } = classHeap(args.objects, args.source);
  const file = path.join(args.folder, `${args.by}-${process.pid}.heapsnapshot`);
  const tool = args.by === 'leakwatch' ? leakwatch() : null;
  const start = now();
  const cpu = process.cpuUsage();
  if (tool) tool.writeSnapshot(file, { force: true });
  else require('v8').writeHeapSnapshot(file);
  const { user, system } = process.cpuUsage(cpu);
  const result = { ms: now() - start, cpuMs: (user + system) / 1e3, bytes: fs.statSync(file).size, sourceBytes };
  fs.unlinkSync(file);
  return Object.assign(result, { kept: heap.length });
});
