'use strict';
// The isolates of a server under test: every process of it that is Node, and
// every worker thread, each asked over its own control socket.

const directory = require('../control/directory');
const { ask, warmUp } = require('../control/client');
const { failure } = require('./child');
const { Captures } = require('../evidence/captures');

const POLL_MS = 50;
const WITHIN_MS = 5000;
const ASK_MS = 15 * 60000;

/** One isolate. */
class Target {
  constructor({ pid, thread, file }, status) {
    this.pid = pid;
    this.thread = thread;
    this.script = status.script;
    this.node = status.node;
    this.heapSizeLimit = status.heapSizeLimit;
    this.baselines = [];
    /** Why it is not judged, once that is known. */
    this.lost = null;
    this.grown = 0;
    this._file = file;
    this._captures = null;
    this._captured = 0;
  }

  get name() {
    return this.thread === 0 ? `process ${this.pid}` : `process ${this.pid}, thread ${this.thread}`;
  }

  warmUp() {
    return warmUp(this._file);
  }

  async baseline(label) {
    this.baselines.push(await this._ask('baseline', { label }));
  }

  /** Sets `grown` to the bytes since the last capture. */
  async measureGrowth() {
    this.grown = (await this._size()) - this._captured;
  }

  async _size() {
    const { heapUsed, external } = await this._ask('baseline', {});
    return heapUsed + external;
  }

  async capture(parent) {
    if (!this._captures) this._captures = new Captures(parent);
    this._captured = await this._size();
    return this._captures.take((name, given) => this._ask(name, given));
  }

  get captures() {
    return this._captures ? this._captures.paths : [];
  }

  _ask(name, given) {
    return ask(this._file, name, given, { timeout: ASK_MS });
  }
}

/** All that answer now; waits for the first. */
async function findTargets(control, child) {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const found = [];
    for (const entry of directory.entries(control)) {
      const status = await ask(entry.file, 'status').catch(() => null);
      if (status) found.push(new Target(entry, status));
    }
    if (found.length > 0) {
      await forEach(found, 'at once', (target) => target.warmUp());
      return found;
    }
    if (child.end) throw child.death('before it could be asked');
    if (Date.now() > deadline) {
      throw failure(
        'the server answers, but no process of it has leakwatch loaded: is it Node.js, and does it pass NODE_OPTIONS on to its children?'
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Does `work(target)` for each that is still there; one that has gone is said to be. */
async function forEach(targets, when, work) {
  const alive = targets.filter((target) => !target.lost);
  await Promise.all(
    alive.map(async (target) => {
      try {
        await work(target);
      } catch (error) {
        if (error.code !== 'ERR_LEAKWATCH_CONTROL_UNREACHABLE') throw error;
        target.lost = `ended ${when}`;
      }
    })
  );
}

module.exports = { findTargets, forEach };
