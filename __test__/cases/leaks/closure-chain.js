'use strict';

// Closures made in one function share one scope. `unused` is never called, but it puts `previous` into that scope, and
// `describe`, which uses nothing, keeps the scope alive: each thing keeps the one before it.

let thing = null;

function replaceThing(round) {
  const previous = thing;
  const unused = () => previous && previous.round;
  thing = {
    round,
    rows: new Array(4000).fill(round),
    describe() {
      return 'a thing';
    },
  };
  return unused.length;
}

module.exports = {
  name: 'closure chain through a shared scope',
  leaks: true,
  channel: 'heap',
  natural: true,
  naturalRounds: 600,
  round(i) {
    for (let n = 0; n < 4; n += 1) replaceThing(i);
  },
};

if (require.main === module) require('../driver').main(module.exports);
