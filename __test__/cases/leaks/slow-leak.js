'use strict';

// 4 KB a round, among 8 MB of garbage a round: far below what a chart of the memory shows, but a service that does one round
// a second is dead in three days.

const { text, json } = require('../payload');

const document = json(4000);
const kept = [];

module.exports = {
  name: 'slow leak among heavy garbage',
  leaks: true,
  channel: 'heap',
  rounds: 60,
  round() {
    for (let n = 0; n < 4; n += 1) JSON.parse(document);
    kept.push(text(4096));
  },
};

if (require.main === module) require('../driver').main(module.exports);
