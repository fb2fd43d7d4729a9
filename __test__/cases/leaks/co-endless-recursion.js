'use strict';

// co 4.6 no longer chains the steps of one generator, but a generator that goes on by yielding itself again still
// makes a chain: every turn waits for the next, for ever.

const STEPS_PER_ROUND = 100;

// Stands for a timer or a reply from the network: the loop waits until the round lets it go on.
let wake = null;
const reply = () => new Promise((resolve) => {
  wake = resolve;
});

function* poll() {
  yield reply();
  yield poll();
}

module.exports = {
  name: 'endless recursion with co 4.6',
  leaks: true,
  channel: 'heap',
  packages: true,
  natural: true,
  naturalRounds: 2000,
  setup() {
    require('co')(poll);
  },
  async round() {
    for (let i = 0; i < STEPS_PER_ROUND; i += 1) {
      const waiting = wake;
      waiting();
      while (wake === waiting) await null;
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
