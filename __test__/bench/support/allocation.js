'use strict';

const { cpuMicros } = require('./program');

/** Milliseconds of CPU for young objects of which one in eight lives for a while, as in a busy service. */
function loop() {
  const ring = new Array(20000);
  const start = process.cpuUsage();
  for (let i = 0; i < 6e6; i++) {
    const object = { id: i, name: `n${i & 1023}`, next: null };
    if ((i & 7) === 0) ring[(i >> 3) % ring.length] = object;
  }
  return cpuMicros(start) / 1e3;
}

module.exports = { loop };
