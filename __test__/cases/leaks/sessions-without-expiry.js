'use strict';

// A login makes a session with a new id. Clients that take no cookies log in again and again, and no session ever expires.

const { text, user } = require('../payload');

const sessions = {};

function login(id) {
  const key = text(32);
  sessions[key] = { user: user(id), since: Date.now() };
  return key;
}

module.exports = {
  name: 'sessions without expiry',
  leaks: true,
  channel: 'heap',
  round(i) {
    for (let n = 0; n < 60; n += 1) {
      const key = login(i);
      // Few log out.
      if (n % 10 === 0) delete sessions[key];
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
