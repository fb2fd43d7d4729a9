'use strict';
// Where relative paths begin, which may have been removed under a process that runs on.

const path = require('path');
const { LeakwatchError } = require('./error');

/** As `path.resolve`, for a file or folder that is to be written. */
function resolved(given = '.') {
  try {
    return path.resolve(given);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new LeakwatchError(
      'ERR_LEAKWATCH_NO_DIRECTORY',
      'the working directory has been removed; change to one that is there, or name a directory by its full path',
      { path: given }
    );
  }
}

module.exports = { resolved };
