'use strict';

// An endless generator driven by co 4.0: each step's promise is resolved with the next step's promise, so while the loop
// runs the whole chain from the first step on is alive.

const STEPS_PER_ROUND = 800;

// Stands for a timer or a reply from the network: the loop waits until the round lets it go on.
let wake = null;
const reply = () => new Promise((resolve) => {
  wake = resolve;
});

function* poll() {
  for (;;) yield reply();
}

module.exports = {
  name: 'endless promise chain of co 4.0',
  leaks: true,
  channel: 'heap',
  packages: true,
  natural: true,
  naturalRounds: 800,
  setup() {
    require('co-4.0')(poll);
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
