'use strict';

// A lot of logging to a pipe: what the reader has not taken yet is queued, and taken by the end of the round.

const { Console } = require('console');
const { PassThrough } = require('stream');

const LINES_PER_ROUND = 400;

const pipe = new PassThrough();
const logger = new Console(pipe);
let taken = 0;

pipe.on('data', (chunk) => {
  taken += chunk.length;
});

module.exports = {
  name: 'a lot of console logging',
  leaks: false,
  channel: 'heap',
  async round(i) {
    for (let n = 0; n < LINES_PER_ROUND; n += 1) {
      logger.log('request %d of round %d: %j', n, i, { status: 200, path: `/items/${n}` });
      if (pipe.writableNeedDrain) await new Promise((resolve) => pipe.once('drain', resolve));
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
