'use strict';
// Milliseconds of `require('leakwatch')` in a fresh process, in two parts.
//
// {warm}: Node's own modules that leakwatch uses are loaded first, as they are
// in any service; {nothing}: an empty module instead, for what require() costs;
// {start}: the first start() as well.

const { args, leakwatch, main, now } = require('../support/program');

main(() => {
  if (args.warm) {
    for (const name of ['events', 'fs', 'path', 'perf_hooks', 'timers', 'v8', 'worker_threads']) require(name);
  }
  const start = now();
  if (args.nothing) require('./empty');
  else if (args.start) leakwatch().start();
  else leakwatch();
  return now() - start;
});
