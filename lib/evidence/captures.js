'use strict';
// Captures of another process for one comparison: in a private directory, and
// gone with it. What a capture is (here: a snapshot after a settled GC) is known
// to this file alone.

const fs = require('fs');
const path = require('path');
const { removeFolder } = require('./remove');

class Captures {
  /** In a new directory below `parent` that nobody else can enter. */
  constructor(parent) {
    this._directory = fs.mkdtempSync(path.join(parent, 'leakwatch-captures-'));
    this.paths = [];
  }

  /** Takes one through `ask(name, given)`; `{size, pauseMs}`. */
  async take(ask, { mode } = {}) {
    const to = path.join(this._directory, `${this.paths.length}.heapsnapshot`);
    const { path: file, bytes, pauseMs } = await ask('snapshot', { path: to, settle: true, mode });
    this.paths.push(file);
    return { size: bytes, pauseMs };
  }

  /** Takes the directory away and all in it; may be called twice. */
  remove() {
    removeFolder(this._directory);
  }
}

module.exports = { Captures };
