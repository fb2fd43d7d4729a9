'use strict';
// A worker that the runner ends for its memory, or that dies, may have begun a
// test file, which the next one begins anew: one run of it, of which two
// processes tell. Pure.

const MOVING = new Set(['file', 'path', 'done']);

/** The file a process began last, as `{records, n, path, time, isOver}`; undefined if it began none. */
function lastFile(records) {
  const last = records.filter(({ type }) => type === 'file').pop();
  if (!last) return undefined;
  const { n, time } = last;
  const path = records.filter((record) => record.n === n && record.path).map((record) => record.path).pop();
  // A process that may have had its last file says so before its result has arrived: it may be ended all the same.
  const isOver = records.some(({ type }) => type === 'end') || records.some((record) => record.type === 'done' && record.n === n);
  return { records, n, path, time, isOver };
}

function countPaths(processes) {
  const out = new Map();
  for (const records of processes) {
    const paths = new Map();
    for (const { type, n, path } of records) if ((type === 'file' || type === 'path') && path) paths.set(n, path);
    for (const path of paths.values()) out.set(path, (out.get(path) || 0) + 1);
  }
  return out;
}

/**
 * The records of all processes without those of files that another process began anew. `runs`: by path, how often the runner had
 * each file run, as its parent knows; without it nobody can tell, and all are kept.
 */
function withoutBegunAnew(processes, runs) {
  if (!runs) return processes;
  const told = countPaths(processes);
  const anew = new Map();
  const candidates = processes.map(lastFile).filter((each) => each && runs.has(each.path));
  candidates.sort((a, b) => a.isOver - b.isOver || a.time - b.time);
  for (const { records, n, path } of candidates) {
    if (told.get(path) <= runs.get(path)) continue;
    told.set(path, told.get(path) - 1);
    anew.set(records, n);
  }
  return processes.map((records) => {
    const n = anew.get(records);
    return n === undefined ? records : records.filter((record) => record.n !== n || !MOVING.has(record.type));
  });
}

module.exports = { withoutBegunAnew };
