'use strict';
// Memory of a process after thousands of GCs, watched and exported or not.
//
// {watched}: {outside: anonymous memory outside V8's heap, heap: bytes in use in it}

const fs = require('fs');
const v8 = require('v8');
const { ROOT, args, leakwatch, main, turn } = require('../support/program');

/** More than the rings of GCs, of spaces and of baselines hold. */
const MINOR = 6000;
const FULL = 400;

function anonymous() {
  const found = /^Anonymous:\s+(\d+) kB/m.exec(fs.readFileSync('/proc/self/smaps_rollup', 'latin1'));
  return Number(found[1]) * 1024;
}

main(async () => {
  const client = require('prom-client');
  if (args.watched) {
    leakwatch().start();
    require(`${ROOT}/prometheus`).exportMetrics({ client });
  }
  for (let i = 0; i < MINOR; i++) global.gc({ type: 'minor' });
  for (let i = 0; i < FULL; i++) {
    global.gc();
    if (i % 20 === 0) await turn();
  }
  await client.register.metrics();
  for (let i = 0; i < 4; i++) {
    global.gc();
    await turn();
  }
  const { used_heap_size: heap, total_physical_size: physical } = v8.getHeapStatistics();
  return { outside: anonymous() - physical, heap };
});
