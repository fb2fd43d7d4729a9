'use strict';
// Asks a process over its control socket. Needs no addon.

const address = require('./address');
const directory = require('./directory');
const { Lines, MAX_ANSWER, parseAnswer, request } = require('./protocol');
const { LeakwatchError, aborted } = require('../error');

const TIMEOUT_MS = 30000;
const POLL_MS = 200;

function unreachable(message) {
  return new LeakwatchError('ERR_LEAKWATCH_CONTROL_UNREACHABLE', message);
}

function late(name, timeout) {
  return new LeakwatchError(
    'ERR_LEAKWATCH_CONTROL_TIMEOUT',
    `no answer to "${name}" within ${timeout / 1000} s: the process is busy in JavaScript, or stopped; ` +
      'try again, wait longer with --timeout, or take a snapshot by signal, which busy JavaScript cannot hold up'
  );
}

async function open(file, quiet) {
  const to = address.resolve(file);
  if (!to) throw unreachable(`${file} is gone: the process has ended`);
  try {
    return { socket: await address.connect(to, quiet), token: to.token };
  } catch (error) {
    const meaning = error.code === 'ECONNREFUSED' ? 'the process that made it has ended' : error.message;
    throw unreachable(`${file} cannot be connected to (${error.code}): ${meaning}`);
  }
}

/**
 * One request over one connection. `timeout` in milliseconds, 0 for none;
 * `signal` needs no more than `aborted`; a `quiet` one keeps no process alive.
 */
async function ask(file, name, given = {}, { thread, timeout = TIMEOUT_MS, signal, quiet } = {}) {
  const { socket, token } = await open(file, quiet);
  const id = 1;
  return new Promise((resolve, reject) => {
    const lines = new Lines(MAX_ANSWER);
    let timer;
    let poll;
    const settle = (act, value) => {
      clearTimeout(timer);
      clearInterval(poll);
      socket.destroy();
      act(value);
    };
    const fail = (error) => settle(reject, error);
    if (timeout > 0) timer = setTimeout(() => fail(late(name, timeout)), timeout);
    // Polled, since old Nodes have no AbortSignal to listen to.
    if (signal) poll = setInterval(() => signal.aborted && fail(aborted()), POLL_MS);
    if (quiet && poll) poll.unref();
    socket.on('data', (chunk) => {
      try {
        const [text] = lines.push(chunk);
        if (text !== undefined) settle(resolve, parseAnswer(text, id));
      } catch (error) {
        fail(error);
      }
    });
    socket.on('error', (error) => fail(unreachable(`the connection broke: ${error.message}`)));
    socket.on('end', () => fail(unreachable(`the process ended, or closed the connection, before it answered "${name}"`)));
    socket.write(request(id, name, given, { thread, token }));
  });
}

/** Requests after which a process has compiled what answering them takes: half a megabyte, kept for good. */
const WARM_UP = 50;

/** Lets that be over before sizes are compared, or it would look like growth. */
async function warmUp(file, options) {
  for (let n = 0; n < WARM_UP; n++) await ask(file, 'status', {}, options);
}

function ownerOf(pid) {
  try {
    const status = require('fs').readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^Uid:\s+(\d+)/m.exec(status)[1]);
  } catch (_) {
    return undefined;
  }
}

function isGone(pid) {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Why there is no socket of this process, and what to do. */
function explain(pid, places) {
  if (isGone(pid)) return `there is no process ${pid}`;
  const owner = ownerOf(pid);
  if (owner !== undefined && process.getuid && owner !== process.getuid()) {
    return `process ${pid} belongs to user ${owner}, and a control socket serves its own user alone: run this as that user`;
  }
  return (
    `process ${pid} has no control socket in ${places.join(' or ')}; it is off unless asked for: ` +
    'start it with LEAKWATCH_CONTROL=1 and NODE_OPTIONS="--require leakwatch/register", or call start({ control: true }). ' +
    'If it has a directory of its own, name it with --control'
  );
}

/** The main thread's name of process `pid`, wherever it is. */
function find(pid, given) {
  const places = directory.candidates(given);
  for (const place of places) {
    const entry = directory.entries(place).find((each) => each.pid === pid && each.thread === 0);
    if (entry) return entry.file;
  }
  throw unreachable(explain(pid, places));
}

/** Every process that can be asked: `{pid, file}`; dead ones' names are taken away. */
async function list(given) {
  const found = [];
  for (const place of directory.candidates(given)) {
    for (const entry of directory.entries(place)) {
      if (!(await address.sweep(entry)) && entry.thread === 0) found.push({ pid: entry.pid, file: entry.file });
    }
  }
  return found;
}

module.exports = { ask, find, list, warmUp };
