'use strict';

// An object used as a dictionary, one flag for each session there ever was: nothing but keys and a table that doubles.

const online = {};
let next = 0;

module.exports = {
  name: 'object used as a dictionary of flags',
  leaks: true,
  channel: 'heap',
  round() {
    for (let n = 0; n < 1000; n += 1) online[`session-${next++}`] = true;
  },
};

if (require.main === module) require('../driver').main(module.exports);
