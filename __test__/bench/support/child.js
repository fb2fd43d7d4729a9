'use strict';
// Child processes: whatever leaves a trace in a process is measured in a fresh one.

const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const PROGRAMS = path.join(__dirname, '..', 'programs');
const alive = new Set();

process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a program of ours; `args` goes to it as one JSON argument. */
function start(program, args, options = {}) {
  const { node = process.execPath, flags = [], env = {}, cwd } = options;
  const argv = [...flags, path.join(PROGRAMS, `${program}.js`), JSON.stringify(args || {})];
  const child = spawn(node, argv, {
    cwd,
    env: Object.assign({}, process.env, env),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  alive.add(child);
  child.output = '';
  const keep = (text) => {
    child.output = (child.output + text).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      alive.delete(child);
      resolve({ code, signal });
    });
  });
  return child;
}

/** The next message the child sends that has `name`. */
function message(child, name) {
  return new Promise((resolve, reject) => {
    const hear = (given) => {
      if (given.name !== name) return;
      child.removeListener('message', hear);
      resolve(given.value);
    };
    child.on('message', hear);
    child.ended.then(({ code, signal }) => {
      const why = child.output.trim().split('\n').slice(-6).join('\n');
      reject(new Error(`the program ended (${signal || code}) before "${name}": ${why}`));
    }, reject);
  });
}

/** Runs a program to its end and gives the one result it sends. */
async function run(program, args, options) {
  const child = start(program, args, options);
  const result = await message(child, 'result');
  await child.ended;
  return result;
}

/** A folder that is gone once `body` is done. */
async function withFolder(body) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-bench-'));
  try {
    return await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { message, run, start, withFolder };
