'use strict';
// Other versions of Node to measure on, if they can be had.

const path = require('path');

/** The binary of this version; this very Node for its own; null if there is none. */
async function find(version) {
  if (version === process.versions.node) return process.execPath;
  let tool;
  try {
    tool = require(path.join(__dirname, '..', '..', 'tools', 'nodes.js'));
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return null;
  }
  try {
    return await tool.ensure(version);
  } catch (_) {
    // No network, or no such binary for this platform.
    return null;
  }
}

module.exports = { find };
