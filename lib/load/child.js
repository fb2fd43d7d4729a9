'use strict';
// The server under test: started with leakwatch loaded, waited for, and never
// left behind.

const { spawn, spawnSync } = require('child_process');
const http = require('http');
const https = require('https');
const path = require('path');
const { LeakwatchError } = require('../error');

const WINDOWS = process.platform === 'win32';
const PRELOAD = path.join(__dirname, 'preload.js');
const POLL_MS = 50;
const ASK_MS = 5000;
/** What it may take to end by itself, before it is made to. */
const GRACE_MS = 5000;
const KEPT_OUTPUT = 8192;
const NOT_STARTED = 'could not be started';
const SHOWN_LINES = 20;

function failure(message) {
  return new LeakwatchError('ERR_LEAKWATCH_LOAD_FAILED', message);
}

/** Appended to what is there: the user's own options stay. */
function nodeOptions(before) {
  const file = WINDOWS ? PRELOAD.replace(/\\/g, '/') : PRELOAD;
  const quoted = /[\s"]/.test(file) ? `"${file.replace(/["\\]/g, '\\$&')}"` : file;
  return `${before ? `${before} ` : ''}--require ${quoted}`;
}

class Child {
  /** Starts `command` with a control socket in `control`; its output goes to `echo`, if given. */
  constructor(command, { control, echo }) {
    this.command = command;
    this._output = Buffer.alloc(0);
    this._child = spawn(command[0], command.slice(1), {
      // A group of its own, so that its children can be ended with it. Ctrl-C then does not reach it; we do.
      detached: !WINDOWS,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_OPTIONS: nodeOptions(process.env.NODE_OPTIONS),
        LEAKWATCH_CONTROL: control,
        LEAKWATCH_REPORT: 'off',
        LEAKWATCH_LOAD_PARENT: String(process.pid),
      },
    });
    for (const stream of [this._child.stdout, this._child.stderr]) {
      stream.on('data', (data) => {
        this._output = Buffer.concat([this._output, data]).slice(-KEPT_OUTPUT);
        if (echo) echo.write(data);
      });
    }
    this._last = () => this._signal('SIGKILL');
    process.on('exit', this._last);
    /** Resolves with what to say, once it has ended. */
    this.ended = new Promise((resolve) => {
      this._child.on('error', (error) => resolve(`${NOT_STARTED}: ${error.message}`));
      this._child.on('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`));
    });
    this.ended.then((how) => {
      this.end = how;
    });
  }

  /** The error for its having ended; with the last of what it said. */
  death(when) {
    const isStarted = !this.end.startsWith(NOT_STARTED);
    return failure(`the server ${this.end}${isStarted ? ` ${when}${this._tail()}` : ''}`);
  }

  /** Waits until `url` answers, whatever it answers. */
  async answers(url, timeout) {
    const deadline = Date.now() + timeout;
    for (;;) {
      if (this.end) throw this.death(`before ${url.href} answered`);
      if (await responds(url)) return;
      if (Date.now() > deadline) {
        throw failure(
          `${url.href} did not answer within ${timeout / 1000} s: does the server listen there? ` +
            `--url must name its address and port; --start-timeout gives it longer${this._tail()}`
        );
      }
      await Promise.race([sleep(POLL_MS), this.ended]);
    }
  }

  /** Ends it and all its children; resolves once it is gone. */
  async stop() {
    this._signal('SIGTERM');
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, GRACE_MS);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    // Whoever of its group is left has had the same time.
    this._signal('SIGKILL');
    await this.ended;
    process.removeListener('exit', this._last);
  }

  _signal(signal) {
    const { pid } = this._child;
    if (pid === undefined) return;
    if (WINDOWS) {
      if (!this.end) spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
      return;
    }
    try {
      process.kill(-pid, signal);
    } catch (_) {
      // Nobody of the group is left.
    }
  }

  _tail() {
    const lines = this._output.toString('utf8').trimEnd().split('\n').slice(-SHOWN_LINES);
    return lines.join('') === '' ? '; the server wrote nothing' : `; the last it wrote:\n${lines.map((line) => `    ${line}`).join('\n')}`;
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether anybody answers there. */
function responds(url) {
  return new Promise((resolve) => {
    const { get } = url.protocol === 'https:' ? https : http;
    // A certificate of a server under test is its own matter.
    const request = get(url, { rejectUnauthorized: false, agent: false }, (response) => {
      response.destroy();
      resolve(true);
    });
    request.setTimeout(ASK_MS, () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
  });
}

module.exports = { Child, failure, responds };
