'use strict';
// What snapshots that no call asked for leave on the disk: so many, so much, and
// nothing of processes that died while they wrote.

const fs = require('fs');
const path = require('path');
const { native } = require('./host');

// Taken now: a program may replace it later.
const { readdir } = fs;

/** Our own names, by time: nothing else in a folder is ever touched. */
const SNAPSHOT = /^leakwatch-\d{8}T\d{9}Z-\d+-\d+-\d+\.heapsnapshot(\.gz|\.zst)?$/;
const TEMPORARY = /^\.leakwatch-\d+-\d+\.tmp$/;

function list(directory) {
  let names = [];
  try {
    names = fs.readdirSync(directory).filter((name) => SNAPSHOT.test(name));
  } catch (_) {
    // A missing folder is told by whoever writes there.
  }
  const files = [];
  for (const name of names) {
    const file = path.join(directory, name);
    try {
      const { size } = fs.lstatSync(file);
      files.push({ name, file, size });
    } catch (_) {
      // Gone in the meantime.
    }
  }
  return files;
}

/** A link, say, is none of ours. */
function isFile(file) {
  try {
    return fs.lstatSync(file).isFile();
  } catch (_) {
    return false;
  }
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

/**
 * Removes the oldest snapshots beyond `keep` files or `bytes` in all; the newest always stays, which is `newest` if that is
 * given. Returns what went.
 */
function retain(directory, { keep = Infinity, bytes = Infinity, newest = '' }) {
  // The names sort by time, but the clock may have been set back since older ones were written.
  const latest = path.basename(newest);
  const isLatest = ({ name }) => Number(name === latest);
  const files = list(directory).sort((a, b) => isLatest(b) - isLatest(a) || (a.name < b.name ? 1 : -1));
  let sum = 0;
  return files
    .filter(({ size }, at) => {
      sum += size;
      return at > 0 && (at >= keep || sum > bytes);
    })
    .filter(({ file }) => remove(file))
    .map(({ file }) => file);
}

/**
 * Removes what dead processes left half written. Whoever writes holds a lock on the file, which ends with the process: its
 * number would say nothing where containers share a folder. The folder is read on another thread; resolves to what went.
 */
function cleanUp(directory) {
  return new Promise((resolve) => {
    // A missing folder is told by whoever writes there.
    readdir(directory, (_, names = []) => {
      const files = names.filter((name) => TEMPORARY.test(name)).map((name) => path.join(directory, name));
      resolve(files.filter((file) => isFile(file) && native.removeAbandoned(file)));
    });
  }).catch(() => []);
}

module.exports = { cleanUp, retain };
