'use strict';
// Lines into a file: in batches, off this thread, never more than a bound, and
// without a descriptor that a program could close or hand on.

const fs = require('fs');
const { LeakwatchError } = require('../error');

// Taken now: a program may replace them later.
const { close, closeSync, constants, open, openSync, write, writeSync } = fs;
const APPEND = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW || 0);
/** Lines that wait for a slow disk, in characters; more are dropped and counted. */
const MAX_WAITING = 1 << 20;

const CODES = { ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL', ENOENT: 'NO_DIRECTORY', EACCES: 'NOT_WRITABLE', EROFS: 'NOT_WRITABLE' };

function failed(error, file) {
  return new LeakwatchError(
    `ERR_LEAKWATCH_${CODES[error.code] || 'IO'}`,
    `the history cannot be written to ${file}: ${error.message}; watching goes on, and writing begins again when it can`,
    { path: file }
  );
}

class Writer {
  /**
   * `header(part)` gives a file's first line; `size` is where a file ends and the next begins, `files` how
   * many are kept. `onError` is told once of a row of failures.
   */
  constructor(target, { header, size, files, onError }) {
    Object.assign(this, { target, header, size, files, onError });
    this.part = 0;
    this.written = 0;
    this.waiting = '';
    this.dropped = 0;
    this.isWriting = false;
    /** The batch under way, as long as its file is being opened. */
    this.opening = null;
    this.isFailing = false;
    /** The last write may have ended within a line. */
    this.isTorn = false;
    this.isOpen = false;
  }

  add(line) {
    if (this.waiting.length + line.length > MAX_WAITING) this.dropped += 1;
    else this.waiting += line;
  }

  /** Begins the file now, before anybody else takes its name. */
  begin() {
    try {
      this._open();
    } catch (error) {
      this._fail(error);
    }
  }

  _open() {
    const header = this.header(this.part);
    this.target.create(header);
    this.part += 1;
    this.written = header.length;
    this.isOpen = true;
    this.isTorn = false;
    this.target.sweep(this.files);
  }

  _rotate() {
    this.isOpen = false;
    try {
      this.target.setAside();
    } catch (error) {
      // Somebody took the file away meanwhile.
      if (error.code !== 'ENOENT') throw error;
    }
    this._open();
  }

  /** Everything that waits, as the bytes of one write. */
  _batch() {
    if (!this.isOpen) this._open();
    else if (this.written >= this.size) this._rotate();
    const gap = this.dropped > 0 ? `${JSON.stringify({ type: 'gap', time: Date.now(), lines: this.dropped })}\n` : '';
    const bytes = Buffer.from((this.isTorn ? '\n' : '') + gap + this.waiting);
    this.waiting = '';
    this.dropped = 0;
    return bytes;
  }

  /** Writes what waits, on another thread. One batch is under way at a time. */
  flush() {
    if (this.isWriting || this.waiting === '') return;
    let bytes;
    try {
      bytes = this._batch();
    } catch (error) {
      this._fail(error);
      return;
    }
    this.isWriting = true;
    this.opening = bytes;
    open(this.target.file, APPEND, (error, descriptor) => {
      if (!this._takeBack()) {
        // flushSync() has written them.
        if (!error) close(descriptor, () => {});
        this.isWriting = false;
        return;
      }
      if (error) {
        this._ended(error, 0, bytes);
        return;
      }
      write(descriptor, bytes, 0, bytes.length, null, (failure, length) => {
        close(descriptor, () => this._ended(failure, length || 0, bytes));
      });
    });
  }

  /** The batch that has a file to be opened first; whoever takes it writes it. */
  _takeBack() {
    const bytes = this.opening;
    this.opening = null;
    return bytes;
  }

  /**
   * Writes what waits before this returns: for the end of the process. What is with the system by then it still writes; a
   * callback that would hand it on does not run any more.
   */
  flushSync() {
    if (this.waiting === '' && !this.opening) return;
    let descriptor;
    try {
      const bytes = Buffer.concat([this._takeBack() || Buffer.alloc(0), this._batch()]);
      descriptor = openSync(this.target.file, APPEND);
      writeSync(descriptor, bytes, 0, bytes.length, null);
    } catch (error) {
      this._fail(error);
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  _ended(error, length, bytes) {
    this.isWriting = false;
    this.written += length;
    if (!error && length === bytes.length) {
      this.isFailing = false;
      this.isTorn = false;
      return;
    }
    this.isTorn = length > 0 || this.isTorn;
    this.dropped += bytes.toString('utf8', length).split('\n').length - 1;
    // Whoever took the file away gets a new one.
    if (error && error.code === 'ENOENT') this.isOpen = false;
    else this._fail(error || Object.assign(new Error('no space is left for all of it'), { code: 'ENOSPC' }));
  }

  /** Told once, until something could be written again. */
  _fail(error) {
    if (this.isFailing) return;
    this.isFailing = true;
    this.onError(failed(error, this.target.file));
  }
}

module.exports = { Writer };
