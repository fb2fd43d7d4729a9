'use strict';
// Takes a folder away, on every Node.

const fs = require('fs');

function removeFolder(folder) {
  // rmSync came with Node 14.14, and recursive rmdirSync left with Node 16.
  try {
    if (fs.rmSync) fs.rmSync(folder, { recursive: true, force: true });
    else fs.rmdirSync(folder, { recursive: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

module.exports = { removeFolder };
