'use strict';

// The closure chain's cure: the variable that both closures share is emptied at the end, and the chain has no second link.

let thing = null;

function replaceThing(round) {
  let previous = thing;
  const unused = () => previous && previous.round;
  thing = {
    round,
    rows: new Array(4000).fill(round),
    describe() {
      return 'a thing';
    },
  };
  previous = null;
  return unused.length;
}

module.exports = {
  name: 'closures whose shared variable is emptied',
  leaks: false,
  channel: 'heap',
  natural: true,
  round(i) {
    for (let n = 0; n < 4; n += 1) replaceThing(i);
  },
};

if (require.main === module) require('../driver').main(module.exports);
