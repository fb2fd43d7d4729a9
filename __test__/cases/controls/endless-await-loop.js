'use strict';

// The cure of endless loops that an executor of generators chains together: a loop that awaits each step. What a step waited
// for is done with before the next one begins.

const STEPS_PER_ROUND = 800;

// Stands for a timer or a reply from the network: the loop waits until the round lets it go on.
let wake = null;
const reply = () => new Promise((resolve) => {
  wake = resolve;
});

async function poll() {
  for (;;) await reply();
}

module.exports = {
  name: 'endless loop that awaits each step',
  leaks: false,
  channel: 'heap',
  natural: true,
  naturalRounds: 800,
  setup() {
    poll();
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
