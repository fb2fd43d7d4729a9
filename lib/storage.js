'use strict';
// What snapshots that no call asked for leave on the disk: so many, so much, and
// nothing of processes that died while they wrote.

const fs = require('fs');
const path = require('path');

/** Our own names, by time: nothing else in a folder is ever touched. */
const SNAPSHOT = /^leakwatch-\d{8}T\d{9}Z-\d+-\d+-\d+\.heapsnapshot(\.gz|\.zst)?$/;
const TEMPORARY = /^\.leakwatch-(\d+)-\d+\.tmp$/;
/** In ms. A process in another container, whose number says nothing here, may share the folder. */
const ABANDONED = 60 * 60 * 1000;

function list(directory, pattern) {
  let names = [];
  try {
    names = fs.readdirSync(directory).filter((name) => pattern.test(name));
  } catch (_) {
    // A missing folder is told by whoever writes there.
  }
  const files = [];
  for (const name of names) {
    const file = path.join(directory, name);
    try {
      const { size, mtimeMs } = fs.lstatSync(file);
      files.push({ name, file, size, mtimeMs });
    } catch (_) {
      // Gone in the meantime.
    }
  }
  return files;
}

function remove(file) {
  try {
    fs.unlinkSync(file);
    return true;
  } catch (_) {
    // Somebody else was faster, or it is not ours to remove.
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

/**
 * Removes the oldest snapshots beyond `keep` files or `bytes` in all; the newest always stays, which is `newest` if that is
 * given. Returns what went.
 */
function retain(directory, { keep = Infinity, bytes = Infinity, newest = '' }) {
  // The names sort by time, but the clock may have been set back since older ones were written.
  const latest = path.basename(newest);
  const isLatest = ({ name }) => Number(name === latest);
  const files = list(directory, SNAPSHOT).sort((a, b) => isLatest(b) - isLatest(a) || (a.name < b.name ? 1 : -1));
  let sum = 0;
  return files
    .filter(({ size }, at) => {
      sum += size;
      return at > 0 && (at >= keep || sum > bytes);
    })
    .filter(({ file }) => remove(file))
    .map(({ file }) => file);
}

/** Removes what dead processes left half written. Returns what went. */
function cleanUp(directory, now = Date.now()) {
  return list(directory, TEMPORARY)
    .filter(({ name, mtimeMs }) => now - mtimeMs > ABANDONED && !isAlive(Number(TEMPORARY.exec(name)[1])))
    .filter(({ file }) => remove(file))
    .map(({ file }) => file);
}

module.exports = { cleanUp, retain };
