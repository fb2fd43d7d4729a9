'use strict';
// Which file a process or thread writes its history to, what becomes of the
// files before it, and how many there may be.
//
//   folder/            → folder/<pid>-<thread>.jsonl
//   name.jsonl         → name.jsonl; name.<pid>-<thread>.jsonl while another process or thread writes that
//   {pid}, {tid}       → as the template says
//
// A file that is full, or whose writer has ended, becomes name.<n>.jsonl, n counting up.

const fs = require('fs');
const path = require('path');
const { isFolder, makeFolder } = require('../make-folder');

const MAX_FIRST_LINE = 8192;
const SUFFIX = '.jsonl';

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Also one that is not there yet. */
const namesFolder = (given) => /[\\/]$/.test(given) || isFolder(given);

/** `{folder, stem, extension}`: a template for the name's stem. */
function parse(given) {
  if (namesFolder(given)) return { folder: path.resolve(given), stem: '{pid}-{tid}', extension: SUFFIX };
  const { dir, name, ext } = path.parse(path.resolve(given));
  return { folder: dir, stem: name, extension: ext || SUFFIX };
}

/** The first line of a file as a value; null if there is none, or it is not ours. */
function headerOf(file) {
  let descriptor;
  try {
    descriptor = fs.openSync(file, 'r');
    const bytes = Buffer.alloc(MAX_FIRST_LINE);
    const length = fs.readSync(descriptor, bytes, 0, bytes.length, 0);
    const text = bytes.toString('utf8', 0, length);
    const header = JSON.parse(text.slice(0, text.indexOf('\n') + 1));
    return header && header.type === 'header' ? header : null;
  } catch (_) {
    return null;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Whether somebody else may be writing this file now. A file without a header may be one just begun. */
function isTaken(file, self) {
  const header = headerOf(file);
  if (!header) return true;
  if (header.pid === self.pid) {
    // The number of a thread is not given again, but in a container every start is process 1: an older one is over.
    return header.threadId !== self.threadId && header.start >= self.processStart;
  }
  try {
    process.kill(header.pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

class Target {
  /** `self`: `{pid, threadId, processStart}`. */
  constructor(given, self) {
    this.self = self;
    Object.assign(this, parse(given));
    this.filled = this.stem.replace(/\{pid\}/g, self.pid).replace(/\{tid\}/g, self.threadId);
    this.own = this.filled;
    const members = escaped(this.stem).replace(/\\\{(pid|tid)\\\}/g, '\\d+');
    /** Every file that this setting ever makes, of whichever process. */
    this.family = new RegExp(`^${members}(?:\\.\\d+-\\d+)?(?:\\.(\\d+))?${escaped(this.extension)}$`);
  }

  get file() {
    return path.join(this.folder, this.own + this.extension);
  }

  /** Makes the file, which nobody else has, with `header` in it; older ones step aside. */
  create(header) {
    makeFolder(this.folder, 0o700);
    for (const stem of [this.filled, `${this.filled}.${this.self.pid}-${this.self.threadId}`]) {
      this.own = stem;
      try {
        this._exclusive(header);
        return;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      if (stem === this.filled && isTaken(this.file, this.self)) continue;
      this.setAside();
      this._exclusive(header);
      return;
    }
  }

  _exclusive(header) {
    const descriptor = fs.openSync(this.file, 'wx', 0o600);
    try {
      // Unlike writeSync, all of it or an error.
      fs.writeFileSync(descriptor, header);
    } catch (error) {
      // Nothing could be appended to half a header.
      fs.unlinkSync(this.file);
      throw error;
    } finally {
      fs.closeSync(descriptor);
    }
  }

  /** Gives the file its number. */
  setAside() {
    const mine = new RegExp(`^${escaped(this.own)}\\.(\\d+)${escaped(this.extension)}$`);
    const numbers = fs.readdirSync(this.folder).map((name) => Number((mine.exec(name) || [0, 0])[1]));
    const next = Math.max(0, ...numbers) + 1;
    fs.renameSync(this.file, path.join(this.folder, `${this.own}.${next}${this.extension}`));
  }

  /** Removes the oldest files of the family beyond `most`; never one that is still written. */
  sweep(most) {
    const files = [];
    for (const name of fs.readdirSync(this.folder)) {
      const match = this.family.exec(name);
      if (!match) continue;
      const file = path.join(this.folder, name);
      try {
        files.push({ file, numbered: match[1] !== undefined, time: fs.statSync(file).mtimeMs });
      } catch (_) {
        // Another process has swept it.
      }
    }
    files.sort((a, b) => a.time - b.time);
    let left = files.length;
    for (const { file, numbered } of files) {
      if (left <= most) return;
      if (!numbered && (file === this.file || isTaken(file, this.self))) continue;
      try {
        fs.unlinkSync(file);
      } catch (_) {
        // As above.
      }
      left -= 1;
    }
  }
}

module.exports = { Target, headerOf };
