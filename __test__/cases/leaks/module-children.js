'use strict';

// A plug-in is reloaded by deleting it from require.cache. The module that requires it keeps each copy all the same, in
// module.children.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { text } = require('../payload');

let folder = null;

module.exports = {
  name: 'reloaded modules kept by module.children',
  leaks: true,
  channel: 'heap',
  setup() {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-case-'));
    fs.writeFileSync(path.join(folder, 'plugin.js'), `module.exports = { table: ${JSON.stringify(text(2000))}.split('') };`);
  },
  round() {
    for (let n = 0; n < 4; n += 1) {
      const file = require.resolve(path.join(folder, 'plugin.js'));
      require(file);
      delete require.cache[file];
    }
  },
  teardown() {
    fs.unlinkSync(path.join(folder, 'plugin.js'));
    fs.rmdirSync(folder);
  },
};

if (require.main === module) require('../driver').main(module.exports);
