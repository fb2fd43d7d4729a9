'use strict';

// A log of audit entries kept in memory until somebody flushes it, and nobody does.

const { text } = require('../payload');

const audit = [];

module.exports = {
  name: 'array that is only pushed to',
  leaks: true,
  channel: 'heap',
  round(i) {
    for (let n = 0; n < 100; n += 1) audit.push({ at: i, action: 'read', path: `/files/${text(16)}`, ok: true });
  },
};

if (require.main === module) require('../driver').main(module.exports);
