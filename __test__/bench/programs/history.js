'use strict';
// A service's pace of garbage for some seconds: the same work each 20 ms, whatever the machine does beside it.
//
// {seconds}: {cpuMs, seconds, collections}

const { args, cpuMicros, leakwatch, main, now } = require('../support/program');

const EVERY_MS = 20;

function work(kept, at) {
  // Lives for a second or so, long enough to be promoted: full GCs come too.
  kept[at % 50] = Array.from({ length: 4000 }, (_, i) => ({ at, i, text: `item ${at} ${i}` }));
}

main(() => {
  const kept = [];
  const begun = now();
  const before = process.cpuUsage();
  const rounds = (args.seconds * 1000) / EVERY_MS;
  let minor = 0;
  let full = 0;
  leakwatch().start().on('gc', (gc) => (gc.type === 'minor' ? (minor += 1) : (full += 1)));
  return new Promise((resolve) => {
    let at = 0;
    const timer = setInterval(() => {
      work(kept, (at += 1));
      if (at < rounds) return;
      clearInterval(timer);
      resolve({ cpuMs: cpuMicros(before) / 1000, seconds: (now() - begun) / 1000, collections: { minor, full } });
    }, EVERY_MS);
  });
});
