'use strict';

// The endless loop that leaks with co 4.0: since 4.6 a step's promise does not wait for the next one, so nothing is kept.

const STEPS_PER_ROUND = 300;

// Stands for a timer or a reply from the network: the loop waits until the round lets it go on.
let wake = null;
const reply = () => new Promise((resolve) => {
  wake = resolve;
});

function* poll() {
  for (;;) yield reply();
}

module.exports = {
  name: 'endless loop with co 4.6',
  leaks: false,
  channel: 'heap',
  packages: true,
  natural: true,
  naturalRounds: 800,
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
