'use strict';
// A terminal taken over for a while and given back as it was, whichever way this
// process ends. The few control sequences that every terminal of today knows.

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const ENDINGS = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 };
const CTRL_C = '\x03';

class Screen {
  constructor(input, output) {
    Object.assign(this, { input, output, exitCode: 0 });
    this.isOpen = false;
    this.isEnding = false;
    this.wake = () => {};
  }

  get columns() {
    return this.output.columns || 80;
  }

  get rows() {
    return this.output.rows || 24;
  }

  /** `redraw` is called when the size changes. */
  open(redraw) {
    this.isOpen = true;
    this.redraw = redraw;
    this.onKey = (key) => {
      const text = String(key);
      if (text.includes(CTRL_C)) this._end(ENDINGS.SIGINT);
      else if (/[qQ]/.test(text)) this._end(0);
    };
    this.onSignal = (signal) => this._end(ENDINGS[signal]);
    // The last resort: an error thrown, or process.exit().
    this.onExit = () => this.close();
    this.output.write(ENTER);
    this.input.setRawMode(true);
    this.input.resume();
    this.input.on('data', this.onKey);
    this.output.on('resize', this.redraw);
    for (const signal of Object.keys(ENDINGS)) process.on(signal, this.onSignal);
    process.on('exit', this.onExit);
  }

  _end(code) {
    this.exitCode = code;
    this.isEnding = true;
    this.wake();
  }

  draw(lines) {
    if (!this.isOpen) return;
    this.output.write(HOME + lines.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW);
  }

  /** True as soon as somebody wants to leave; false after `ms`. */
  closedWithin(ms) {
    if (this.isEnding) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.output.write(LEAVE);
    this.input.setRawMode(false);
    this.input.pause();
    this.input.removeListener('data', this.onKey);
    this.output.removeListener('resize', this.redraw);
    for (const signal of Object.keys(ENDINGS)) process.removeListener(signal, this.onSignal);
    process.removeListener('exit', this.onExit);
  }
}

module.exports = { Screen };
