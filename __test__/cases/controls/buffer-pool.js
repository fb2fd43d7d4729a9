'use strict';

// A pool of Buffers that allocates when it is empty and takes Buffers back, under a load that rises to its peak in the middle.

const SIZE = 64 * 1024;
const PEAK = 60;

const free = [];

module.exports = {
  name: 'pool of Buffers that grows to its bound',
  leaks: false,
  channel: 'external',
  natural: true,
  round(i, rounds) {
    const load = Math.max(1, Math.min(PEAK, Math.round(PEAK * i / (rounds / 2))));
    const used = [];
    for (let n = 0; n < load; n += 1) used.push(free.pop() || Buffer.alloc(SIZE));
    for (const buffer of used) {
      buffer[0] = i % 256;
      free.push(buffer);
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
