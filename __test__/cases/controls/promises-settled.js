'use strict';

// Async functions, Promise.all, race and rejections that are all settled by the end of the round.

const { user } = require('../payload');

async function load(id) {
  await null;
  if (id % 10 === 0) throw new Error(`no user ${id}`);
  return user(id);
}

async function page(id) {
  const winner = await Promise.race([load(id + 1).catch(() => null), load(id + 2).catch(() => null)]);
  return [winner, await load(id).catch((error) => error.message)];
}

module.exports = {
  name: 'promises that settle',
  leaks: false,
  channel: 'heap',
  natural: true,
  async round() {
    const pages = [];
    for (let id = 0; id < 100; id += 1) pages.push(page(id));
    await Promise.all(pages);
  },
};

if (require.main === module) require('../driver').main(module.exports);
