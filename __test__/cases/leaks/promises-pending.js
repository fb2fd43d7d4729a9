'use strict';

// Calls wait in a Map for a reply with their number. Replies get lost, no call has a time limit, and each keeps its promise, its
// async function and all that this one has in its variables.

const { user } = require('../payload');

const waiting = new Map();

function call(id) {
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

async function handle(id) {
  const request = user(id);
  const reply = await call(id);
  return { request, reply };
}

function replyTo(id) {
  waiting.get(id).resolve('done');
  waiting.delete(id);
}

let calls = 0;

module.exports = {
  name: 'promises that never settle, kept by a Map',
  leaks: true,
  channel: 'heap',
  round() {
    for (let n = 0; n < 200; n += 1) {
      calls += 1;
      handle(calls);
      // One reply in four never comes.
      if (calls % 4 !== 0) replyTo(calls);
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
