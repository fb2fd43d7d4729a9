'use strict';
// memwatch's HeapDiff: two snapshots, and the difference by constructor at once.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { now } = require('../clock');
const host = require('../host');
const { fromOutcome } = require('../error');
const { writeSnapshot } = require('../snapshot');
const { endIds } = require('../fallback');
const { removeFolder } = require('../evidence/remove');

const { native } = host;

/** memwatch's words for V8's groups; what is V8's own is left out. */
const GROUPS = new Map(Object.entries({
  '(array)': 'Array',
  '(string)': 'String',
  '(concatenated string)': 'String',
  '(sliced string)': 'String',
  '(compiled code)': 'Code',
  '(closure)': 'Closure',
  '(regexp)': 'RegExp',
  '(number)': 'Number',
  '(heap number)': 'Number',
  '(object shape)': null,
  '(system)': null,
  '(hidden)': null,
  '(synthetic)': null,
}));

/** When our own snapshots were taken: their GCs are no news. Epoch milliseconds, on the clock of the GCs. */
const spans = [];
const MAX_SPANS = 64;

function isOwnGc({ start }) {
  return spans.some(([from, to]) => start >= from && start <= to);
}

function round(value) {
  return Math.round(value * 100) / 100;
}

function niceSize(bytes) {
  if (Math.abs(bytes) > 1024 * 1024) return `${round(bytes / 1024 / 1024)} mb`;
  if (Math.abs(bytes) > 1024) return `${round(bytes / 1024)} kb`;
  return `${bytes} bytes`;
}

function sized(bytes, more) {
  return Object.assign({ size_bytes: bytes, size: niceSize(bytes) }, more);
}

/** What both snapshots say, worked out on this thread. */
function compare(paths) {
  const request = { what: 'diff', paths, format: 'value', topClasses: 0, topSuspects: 1, sourceMaps: false };
  const result = native.Analysis.of(JSON.stringify(request)).runNow();
  if (result.error) throw fromOutcome(result.error);
  return JSON.parse(result.text);
}

function detailsOf(classes) {
  const rows = new Map();
  for (const { name, newCount, deletedCount, newBytes, deletedBytes } of classes) {
    const what = GROUPS.has(name) ? GROUPS.get(name) : name;
    if (what === null || newCount + deletedCount === 0) continue;
    const row = rows.get(what) || { what, bytes: 0, added: 0, released: 0 };
    row.bytes += newBytes - deletedBytes;
    row.added += newCount;
    row.released += deletedCount;
    rows.set(what, row);
  }
  const sorted = Array.from(rows.values()).sort((a, b) => (a.what < b.what ? -1 : 1));
  return sorted.map(({ what, bytes, added, released }) => Object.assign({ what }, sized(bytes), { '+': added, '-': released }));
}

function total(classes, name) {
  return classes.reduce((all, row) => all + row[name], 0);
}

/** An own folder for both files, gone with the process if end() is never called. */
class Files {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-heapdiff-'));
    this.paths = [];
    this.remove = () => {
      process.removeListener('exit', this.remove);
      try {
        removeFolder(this.folder);
      } catch (_) {
        // What cannot be removed is no reason for a process to fail at its end.
      }
    };
    process.on('exit', this.remove);
  }

  /** Object ids stay until the second: without them what is new could not be told. */
  take(name, keepIds) {
    const from = now();
    this.paths.push(writeSnapshot(path.join(this.folder, `${name}.heapsnapshot`), { keepIds }));
    spans.push([from - 1, now() + 1]);
    if (spans.length > MAX_SPANS) spans.shift();
  }
}

const files = new WeakMap();

class HeapDiff {
  constructor() {
    const own = new Files();
    try {
      own.take('before', true);
    } catch (error) {
      own.remove();
      throw error;
    }
    files.set(this, own);
  }

  end() {
    const own = files.get(this);
    if (!own) throw new Error('attempt to end() a HeapDiff that was already ended');
    files.delete(this);
    try {
      own.take('after', false);
      return shape(compare(own.paths));
    } finally {
      own.remove();
      if (!host.isNative('snapshot')) endIds();
    }
  }
}

function shape({ files: [before, after], classes }) {
  return {
    before: Object.assign({ nodes: before.nodes }, sized(before.totalBytes)),
    after: Object.assign({ nodes: after.nodes }, sized(after.totalBytes)),
    change: sized(after.totalBytes - before.totalBytes, {
      freed_nodes: total(classes, 'deletedCount'),
      allocated_nodes: total(classes, 'newCount'),
      details: detailsOf(classes),
    }),
  };
}

module.exports = { HeapDiff, isOwnGc, niceSize };
