'use strict';
// Takes a folder away, by means that every Node has.

const fs = require('fs');
const path = require('path');

/** Whether a failure only says that it is gone already. */
const isGone = ({ code }) => code === 'ENOENT';

function attempt(act) {
  try {
    return act();
  } catch (error) {
    if (!isGone(error)) throw error;
    return undefined;
  }
}

/** No matter what is in it; links are not followed. */
function removeFolder(folder) {
  for (const entry of attempt(() => fs.readdirSync(folder, { withFileTypes: true })) || []) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) removeFolder(full);
    else attempt(() => fs.unlinkSync(full));
  }
  attempt(() => fs.rmdirSync(folder));
}

module.exports = { removeFolder };
