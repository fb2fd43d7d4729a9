'use strict';
// A folder with all above it. Not `fs.mkdirSync` with `recursive`: where a folder that is there takes no new one and
// answers ENOENT, as /proc does, Node tries again for ever.

const fs = require('fs');
const path = require('path');

function isFolder(file) {
  try {
    return fs.statSync(file).isDirectory();
  } catch (_) {
    return false;
  }
}

/** `mode` is that of each folder made. Errors are those of `fs.mkdirSync`. */
function makeFolder(folder, mode) {
  try {
    fs.mkdirSync(folder, mode);
    return;
  } catch (error) {
    // Some file systems say EROFS or EACCES of a folder that is there.
    if (isFolder(folder)) return;
    const above = path.dirname(folder);
    if (error.code !== 'ENOENT' || above === folder || isFolder(above)) throw error;
    makeFolder(above, mode);
  }
  makeFolder(folder, mode);
}

module.exports = { isFolder, makeFolder };
