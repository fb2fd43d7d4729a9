'use strict';
// Results under the name that was asked for: whole, or not there, even if the process is killed or the disk fills up.

const fs = require('fs');
const path = require('path');

/** Pipes, terminals and devices have no rename; nor is anything of theirs half there afterwards. */
function isSpecial(file) {
  try {
    return !fs.statSync(file).isFile();
  } catch (_) {
    return false;
  }
}

/** The file a link leads to, so that the link stays. */
function target(file) {
  try {
    return fs.realpathSync(file);
  } catch (_) {
    return file;
  }
}

function remove(file) {
  try {
    fs.unlinkSync(file);
  } catch (_) {
    // Never made, or gone.
  }
}

/** A folder that takes no new file may hold one that can be written. */
const NO_NEW_FILE = ['EACCES', 'EPERM', 'EROFS'];

/** As `fs.writeFileSync` with a mode, by way of a hidden file beside it. Errors are those of `fs`, and leave nothing. */
function writeWhole(file, content, mode = 0o666) {
  if (isSpecial(file)) {
    fs.writeFileSync(file, content);
    return;
  }
  const final = target(file);
  const temporary = path.join(path.dirname(final), `.${path.basename(final).slice(0, 200)}.${process.pid}.tmp`);
  try {
    remove(temporary);
    fs.writeFileSync(temporary, content, { mode, flag: 'wx' });
    fs.renameSync(temporary, final);
  } catch (error) {
    remove(temporary);
    if (!NO_NEW_FILE.includes(error.code)) throw error;
    fs.writeFileSync(final, content, { mode });
  }
}

module.exports = { writeWhole };
