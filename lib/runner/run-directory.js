'use strict';
// The private folder through which the processes of one test run tell the
// reporter what they measured: a file of JSON lines for each, and snapshots.

const fs = require('fs');
const os = require('os');
const path = require('path');

/** Names the folder to the processes below the reporter's. */
const VARIABLE = 'LEAKWATCH_RUN_DIRECTORY';
const PREFIX = 'leakwatch-run-';

function remove(folder) {
  try {
    // rmSync came with Node 14.14, and recursive rmdirSync left with Node 16.
    // eslint-disable-next-line n/no-unsupported-features/node-builtins
    if (fs.rmSync) fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    else fs.rmdirSync(folder, { recursive: true });
  } catch (_) {
    // A worker that is being ended may still write; the next run sweeps it.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const ownerOf = (folder) => Number((/^leakwatch-run-(\d+)-/.exec(path.basename(folder)) || [])[1]);

/** Removes what reporters left behind that were killed. */
function sweep(parent) {
  let names;
  try {
    names = fs.readdirSync(parent);
  } catch (_) {
    return;
  }
  for (const name of names) {
    const owner = name.startsWith(PREFIX) ? ownerOf(name) : NaN;
    if (!(owner > 0) || owner === process.pid || isAlive(owner)) continue;
    const folder = path.join(parent, name);
    try {
      if (!process.getuid || fs.lstatSync(folder).uid === process.getuid()) remove(folder);
    } catch (_) {
      // Another run swept it.
    }
  }
}

/** A new folder for this process's run, mode 0700. */
function create() {
  const parent = os.tmpdir();
  sweep(parent);
  const folder = fs.mkdtempSync(path.join(parent, `${PREFIX}${process.pid}-`));
  process.env[VARIABLE] = folder;
  return folder;
}

/** Whether this run is the last that was begun here: of a reporter that is named twice, the second is told everything. */
const isCurrent = (folder) => process.env[VARIABLE] === folder;
const NAMED_TWICE = 'leakwatch: the reporter is named twice; the options of the last hold\n';

/** The folder of the run this process belongs to; undefined without a reporter. */
function find() {
  const folder = process.env[VARIABLE];
  if (!folder) return undefined;
  const owner = ownerOf(folder);
  // A test that runs a test runner hands its environment on, but not its run.
  const ours = owner === process.pid || owner === process.ppid;
  return ours && fs.existsSync(folder) ? folder : undefined;
}

/** What the reporter knows of the run; `{}` before it does. */
function readPlan(folder) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'plan.json'), 'utf8'));
  } catch (_) {
    return {};
  }
}

function writePlan(folder, plan) {
  const temporary = path.join(folder, 'plan.tmp');
  fs.writeFileSync(temporary, JSON.stringify(plan));
  fs.renameSync(temporary, path.join(folder, 'plan.json'));
}

/** One byte for each: cheap to append, cheap to count. */
const counter = (name) => ({
  add: (folder) => fs.appendFileSync(path.join(folder, name), '.'),
  count: (folder) => {
    try {
      return fs.statSync(path.join(folder, name)).size;
    } catch (_) {
      return 0;
    }
  },
});

/** Test files that the runner has handed out, and those whose result a worker has ready. */
const begun = counter('begun');
const over = counter('over');

let writers = 0;

/** Appends records to a file of this isolate's own. */
function writer(folder, threadId) {
  const file = path.join(folder, `${process.pid}-${threadId}-${writers++}.jsonl`);
  return (record) => {
    try {
      fs.appendFileSync(file, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    } catch (_) {
      // The run is over and its folder gone: nobody wants the figures.
    }
  };
}

/** Every process's records, in the order they came into being. */
function readAll(folder) {
  const series = [];
  for (const name of fs.readdirSync(folder).filter((each) => each.endsWith('.jsonl')).sort()) {
    const records = [];
    for (const line of fs.readFileSync(path.join(folder, name), 'utf8').split('\n')) {
      try {
        if (line) records.push(JSON.parse(line));
      } catch (_) {
        // The last line of a process that was killed while it wrote.
      }
    }
    if (records.length > 0) series.push(records);
  }
  return series.sort((a, b) => a[0].time - b[0].time);
}

module.exports = { NAMED_TWICE, VARIABLE, begun, create, find, isCurrent, over, readAll, readPlan, remove, writePlan, writer };
