'use strict';

// Large documents parsed and written: megabytes of short-lived objects of one shape, and none of them stays.

const { json } = require('../payload');

const document = json(3000);
let length = 0;

module.exports = {
  name: 'JSON churn',
  leaks: false,
  channel: 'heap',
  natural: true,
  naturalRounds: 500,
  round() {
    for (let n = 0; n < 2; n += 1) length += JSON.stringify(JSON.parse(document)).length;
  },
};

if (require.main === module) require('../driver').main(module.exports);
