'use strict';
// The child's side of child.js. Runs on every Node that leakwatch supports.

const fs = require('fs');
const path = require('path');

const ROOT = path.join(__dirname, '..', '..', '..');

/** What the benchmark asked for. */
const args = JSON.parse(process.argv[2] || '{}');

function send(name, value) {
  return new Promise((resolve, reject) => {
    process.send({ name, value }, (error) => (error ? reject(error) : resolve()));
  });
}

/** Runs the program and ends it, whatever it left behind. */
function main(body) {
  Promise.resolve()
    .then(body)
    .then((value) => (value === undefined ? undefined : send('result', value)))
    .then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`${error && error.stack}\n`);
        process.exit(1);
      }
    );
}

/** leakwatch as a user gets it. */
function leakwatch() {
  return require(ROOT);
}

/** CPU of all threads since `since`, in microseconds. */
function cpuMicros(since) {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

/** Milliseconds of a clock that does not jump. */
function now() {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1e3 + nanos / 1e6;
}

/**
 * Milliseconds that this thread was ready to run and another had the CPU: what
 * other programs cost, which no benchmark is about. 0 where nobody tells.
 */
function waitedForCpu() {
  try {
    return Number(fs.readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch (_) {
    return 0;
  }
}

/** Milliseconds of `body`, less those that other programs had the CPU. */
async function undisturbed(body) {
  const waited = waitedForCpu();
  const start = now();
  const value = await body();
  const ms = now() - start;
  return { value, ms, ownMs: ms - (waitedForCpu() - waited) };
}

function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}

module.exports = { ROOT, args, cpuMicros, leakwatch, main, now, send, turn, undisturbed };
