'use strict';

// Plug-ins reloaded with care: deleted from require.cache and from module.children too, so that nothing keeps the old copies.

const plugins = require('../plugins');

const COUNT = 5;

let folder = null;

function unload(file) {
  const id = require.resolve(file);
  module.children.splice(0, module.children.length, ...module.children.filter((child) => child.id !== id));
  delete require.cache[id];
}

module.exports = {
  name: 'modules unloaded and required again',
  leaks: false,
  channel: 'heap',
  rounds: 40,
  setup() {
    folder = plugins.create(COUNT);
  },
  round(i) {
    for (let n = 0; n < COUNT; n += 1) {
      require(folder.file(n)).handle({ id: i });
      unload(folder.file(n));
    }
  },
  teardown() {
    folder.remove();
  },
};

if (require.main === module) require('../driver').main(module.exports);
