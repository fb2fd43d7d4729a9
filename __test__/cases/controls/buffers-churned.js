'use strict';

// Uploads that are read and dropped: the external memory is only as large as what the next GC has not freed yet.

let total = 0;

module.exports = {
  name: 'Buffers allocated and dropped',
  leaks: false,
  channel: 'external',
  natural: true,
  round(i) {
    for (let n = 0; n < 20; n += 1) total += Buffer.alloc(100 * 1024, i % 256)[n];
  },
};

if (require.main === module) require('../driver').main(module.exports);
