'use strict';

const fs = require('fs');
const os = require('os');
const path = require('path');
const { text } = require('./payload');

function source(number) {
  return `'use strict';

const table = ${JSON.stringify(text(2000))}.split('');

module.exports = {
  number: ${number},
  handle(request) {
    return table.filter((letter) => letter === String(request.id % 10)).length;
  },
};
`;
}

/** A folder outside the project with `count` small modules in it. */
function create(count) {
  // Without the real path a module's id would not be the file's name where the folder for temporary files is a link.
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'leakwatch-case-'));
  const file = (number) => path.join(folder, `plugin${number}.js`);
  for (let number = 0; number < count; number += 1) fs.writeFileSync(file(number), source(number));
  return {
    file,
    remove() {
      for (let number = 0; number < count; number += 1) fs.unlinkSync(file(number));
      fs.rmdirSync(folder);
    },
  };
}

module.exports = { create };
