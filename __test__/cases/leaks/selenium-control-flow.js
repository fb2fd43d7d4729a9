'use strict';

// A black-box test as a generator that never ends, driven by the promise manager of selenium-webdriver 2.53: its control flow
// keeps every task of the generator's frame until the generator is done. The browser's replies are stood in for by promises.

const { turn } = require('../driver');

const STEPS_PER_ROUND = 20;

let over = false;
let wake = null;
const browserReply = () => new Promise((resolve) => {
  wake = resolve;
});

module.exports = {
  name: 'endless generator in selenium-webdriver\'s control flow',
  leaks: true,
  channel: 'heap',
  packages: true,
  natural: true,
  naturalRounds: 800,
  setup() {
    const flow = require('selenium-webdriver/lib/promise').controlFlow();
    flow.execute(function* test() {
      while (!over) yield flow.execute(browserReply);
    });
  },
  async round() {
    for (let i = 0; i < STEPS_PER_ROUND; i += 1) {
      const waiting = wake;
      if (waiting) waiting();
      // The flow starts its tasks in turns of the event loop.
      while (wake === waiting) await turn();
    }
  },
  teardown() {
    // A flow keeps the process alive until its last task is done.
    over = true;
    wake();
  },
};

if (require.main === module) require('../driver').main(module.exports);
