'use strict';

// One short stream in each round: for two dozen rounds V8 compiles another few functions each time, and the heap rises as
// straight as with a leak.

const { PassThrough } = require('stream');

module.exports = {
  name: 'code that is compiled bit by bit',
  leaks: false,
  channel: 'heap',
  // Later it has stopped, as anybody can see.
  rounds: 24,
  async round() {
    const stream = new PassThrough();
    stream.end('x'.repeat(10000));
    stream.resume();
    await new Promise((resolve) => stream.on('end', resolve));
  },
};

if (require.main === module) require('../driver').main(module.exports);
