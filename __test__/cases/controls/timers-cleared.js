'use strict';

// A time limit for each request, cleared when the request is done, and short timers that run out.

const { user } = require('../payload');

const MINUTE = 60 * 1000;

async function handle(id) {
  const request = user(id);
  const limit = setTimeout(() => {
    request.late = true;
  }, MINUTE);
  await new Promise((resolve) => setTimeout(resolve, 1));
  clearTimeout(limit);
}

module.exports = {
  name: 'timers set and cleared',
  leaks: false,
  channel: 'heap',
  async round() {
    const requests = [];
    for (let n = 0; n < 200; n += 1) requests.push(handle(n));
    await Promise.all(requests);
  },
};

if (require.main === module) require('../driver').main(module.exports);
