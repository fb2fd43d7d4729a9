'use strict';

// A hundred modules, each required on its first use, over the first half of the run; then all are loaded.

const plugins = require('../plugins');

const COUNT = 100;

let folder = null;

module.exports = {
  name: 'a hundred modules required lazily',
  leaks: false,
  channel: 'heap',
  rounds: 40,
  setup() {
    folder = plugins.create(COUNT);
  },
  round(i, rounds) {
    const loaded = Math.min(COUNT, Math.round((i + 1) * COUNT / (rounds / 2)));
    for (let n = 0; n < loaded; n += 1) require(folder.file(n)).handle({ id: i });
  },
  teardown() {
    folder.remove();
  },
};

if (require.main === module) require('../driver').main(module.exports);
