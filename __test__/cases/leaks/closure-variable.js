'use strict';

// `unused` puts `leak` into the scope that `someMethod` keeps: each thing keeps the one before it, and its long text.

let theThing = null;

function replaceThing() {
  const leak = theThing;
  const unused = function unused() {
    if (leak) process.stdout.write('hi');
  };
  theThing = {
    longStr: new Array(2000).fill('*'),
    someMethod: function someMethod() {
      return unused;
    },
  };
}

module.exports = {
  name: 'a variable that closures share',
  leaks: true,
  channel: 'heap',
  round() {
    for (let n = 0; n < 8; n += 1) replaceThing();
  },
};

if (require.main === module) require('../driver').main(module.exports);
