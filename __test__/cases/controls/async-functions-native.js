'use strict';

// The async functions of generators-awaiter as they were written, not compiled to generators: nothing is kept, on Node 12.15 either.

const CALLS_PER_ROUND = 20000;

class Store {
  async load(id) {
    return { id };
  }
}

module.exports = {
  name: 'async functions that are not transpiled',
  leaks: false,
  versions: ['12.15.0'],
  channel: 'heap',
  rounds: 45,
  async round() {
    const store = new Store();
    for (let i = 0; i < CALLS_PER_ROUND; i += 1) await store.load(i);
  },
};

if (require.main === module) require('../driver').main(module.exports);
