'use strict';
// Histories back from files. What a killed process left is read as far as it goes.

const fs = require('fs');
const path = require('path');
const { LeakwatchError } = require('../error');
const { KINDS, SCHEMA } = require('./lines');

const CHUNK = 1 << 16;
/** No line of ours is longer; one that is would be somebody else's file. */
const MAX_LINE = 1 << 20;

function foreign(file, why) {
  return new LeakwatchError('ERR_LEAKWATCH_HISTORY_FOREIGN', `${file} holds no history: ${why}`, { path: file });
}

function unreadable(file, error) {
  return new LeakwatchError('ERR_LEAKWATCH_IO', `the history ${file} cannot be read: ${error.message}`, { path: file });
}

/** Calls `each` with every whole line; gives how far it read. What has no line end yet is left. */
function eachLine(file, from, each) {
  const descriptor = fs.openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK);
    let rest = Buffer.alloc(0);
    let at = from;
    for (;;) {
      const length = fs.readSync(descriptor, chunk, 0, CHUNK, at + rest.length);
      if (length === 0) return at;
      const bytes = Buffer.concat([rest, chunk.slice(0, length)]);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        each(bytes.toString('utf8', start, end));
        start = end + 1;
      }
      at += start;
      rest = bytes.slice(start);
      if (rest.length > MAX_LINE) throw foreign(file, `a line at byte ${at} is longer than any of ours`);
    }
  } finally {
    fs.closeSync(descriptor);
  }
}

/** One process's or thread's history, out of all its files. */
class Run {
  constructor(header) {
    this.header = header;
    this.baselines = [];
    this.gcs = [];
    this.snapshots = [];
    this.trend = null;
    this.leak = null;
    this.end = null;
    this.lost = 0;
    this.parts = new Set();
  }

  /** Takes in a line's value; false if it says nothing we know. */
  add(value) {
    switch (value.type) {
      case 'baseline':
        if (typeof value.heapUsed !== 'number' || typeof value.time !== 'number') return false;
        this.baselines.push(value);
        return true;
      case 'gc':
        if (typeof value.from !== 'number' || typeof value.to !== 'number') return false;
        this.gcs.push(value);
        return true;
      case 'trend':
      case 'leak':
        // A copy that was made earlier may be read later.
        if (!this[value.type] || !(value.time < this[value.type].time)) this[value.type] = value;
        return true;
      case 'snapshot':
        this.snapshots.push(value);
        return true;
      case 'gap':
        this.lost += value.lines;
        return true;
      case 'end':
        this.end = value;
        return true;
      default:
        return false;
    }
  }
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch (_) {
    return null;
  }
}

/** Sorted records without those that stand there twice, as they do where a file and a copy of it are read. */
function once(records, names) {
  return records.filter((record, at) => at === 0 || names.some((name) => record[name] !== records[at - 1][name]));
}

/** The runs of several files, each read from where it was left off: `tail` by reading again. */
class Reader {
  constructor() {
    this.runs = new Map();
    this.current = new Map();
    this.offsets = new Map();
  }

  /** Reads what `file` has more than the last time. */
  read(file) {
    let from = this.offsets.get(file) || 0;
    try {
      // Shorter than before: another file has taken the name.
      if (fs.statSync(file).size < from) {
        from = 0;
        this.current.delete(file);
      }
      this.offsets.set(file, eachLine(file, from, (text) => this._line(file, text)));
    } catch (error) {
      throw error instanceof LeakwatchError ? error : unreadable(file, error);
    }
  }

  _line(file, text) {
    const value = parsed(text);
    if (value && value.type === 'header') {
      this.current.set(file, this._begin(file, value));
      return;
    }
    const run = this.current.get(file);
    if (!run) throw foreign(file, 'its first line is not a header');
    if (text === '') return;
    // A line that was torn when the disk was full, or of a newer leakwatch.
    if (!value) run.lost += 1;
    else run.add(value);
  }

  _begin(file, header) {
    if (typeof header.schema !== 'number') throw foreign(file, 'its header says no schema');
    if (!(header.schema <= SCHEMA)) {
      throw foreign(file, `its schema is ${header.schema}, and this leakwatch knows ${SCHEMA} at the most; use a newer one`);
    }
    if (typeof header.pid !== 'number' || typeof header.start !== 'number') throw foreign(file, 'its header says no process');
    const id = header.run || `${header.pid}-${header.threadId}-${header.start}`;
    if (!this.runs.has(id)) this.runs.set(id, new Run(header));
    const run = this.runs.get(id);
    run.parts.add(file);
    return run;
  }

  /** All runs, each in the order of time. */
  sorted() {
    const runs = Array.from(this.runs.values());
    for (const run of runs) {
      run.baselines = once(run.baselines.sort((a, b) => a.time - b.time || a.index - b.index), ['time', 'index']);
      run.gcs = once(run.gcs.sort((a, b) => a.from - b.from || a.to - b.to), ['from', 'to', 'count']);
    }
    return runs.sort((a, b) => a.header.start - b.header.start || a.header.pid - b.header.pid || a.header.threadId - b.header.threadId);
  }
}

/** What `history()` gives, written as JSON by the program itself. */
function fromApi(file, { baselines, gcs }) {
  const run = new Run({ schema: SCHEMA, run: file, pid: null, threadId: 0, node: null, script: path.basename(file), start: null });
  for (const value of baselines) run.add(Object.assign({}, value, { type: 'baseline' }));
  for (const gc of gcs || []) {
    const kind = KINDS.includes(gc.type) ? gc.type : 'other';
    const { start, duration, usedBefore, usedAfter } = gc;
    run.add({ type: 'gc', from: start, to: start + duration, count: 1, longest: duration, usedMin: usedAfter, usedMax: usedBefore, [kind]: [1, duration] });
  }
  const first = run.baselines[0] || run.gcs[0];
  run.header.start = first ? first.time || first.from : 0;
  return run;
}

/** The value, if the file is one JSON object with baselines. */
function apiHistory(file) {
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
  const value = parsed(text);
  return value && Array.isArray(value.baselines) ? value : null;
}

function realOf(file) {
  try {
    return fs.realpathSync(file);
  } catch (_) {
    // It has just gone, which is for whoever reads it to say.
    return file;
  }
}

/** The files meant by these paths, each once: a folder stands for every .jsonl file in it. */
function expand(paths) {
  const files = [];
  const seen = new Set();
  const add = (file) => {
    const real = realOf(file);
    if (!seen.has(real)) files.push(file);
    seen.add(real);
  };
  for (const given of paths) {
    let names;
    try {
      names = fs.statSync(given).isDirectory() ? fs.readdirSync(given).sort() : null;
    } catch (error) {
      throw unreadable(given, error);
    }
    if (!names) add(given);
    else for (const name of names) if (name.endsWith('.jsonl')) add(path.join(given, name));
  }
  return files;
}

/** The runs in these files and folders, oldest first. */
function readRuns(paths) {
  const reader = new Reader();
  const others = [];
  for (const file of expand(paths)) {
    let failure = null;
    try {
      reader.read(file);
    } catch (error) {
      if (error.code !== 'ERR_LEAKWATCH_HISTORY_FOREIGN') throw error;
      failure = error;
    }
    // JSON as a program writes it has no end of line, and so no line of a history either.
    const value = reader.current.has(file) ? null : apiHistory(file);
    if (value) others.push(fromApi(file, value));
    else if (failure) throw failure;
  }
  return others.concat(reader.sorted());
}

module.exports = { Reader, expand, readRuns };
