'use strict';
// From a name in the directory to what net.connect() takes, and whether
// somebody is there.

const crypto = require('crypto');
const fs = require('fs');
const net = require('net');
const { WINDOWS, remove } = require('./directory');

/** How long a socket that refuses is left in peace: it may have been bound this moment. */
const SETTLED_MS = 60000;
const CONNECT_MS = 5000;

/** A new address for `file`: `{path, token}`. On Windows it must be published with `publish`. */
function create(file) {
  if (!WINDOWS) return { path: file, token: undefined };
  const secret = () => crypto.randomBytes(16).toString('hex');
  return { path: `\\\\.\\pipe\\leakwatch-${process.pid}-${secret()}`, token: secret() };
}

function publish(file, address) {
  if (!WINDOWS) fs.chmodSync(file, 0o600);
  else fs.writeFileSync(file, JSON.stringify({ pipe: address.path, token: address.token }), { mode: 0o600 });
}

/** The address under `file`, or undefined if there is none any more. */
function resolve(file) {
  if (!WINDOWS) return { path: file, token: undefined };
  try {
    const { pipe, token } = JSON.parse(fs.readFileSync(file, 'utf8'));
    return { path: String(pipe), token: String(token) };
  } catch (_) {
    return undefined;
  }
}

/** A connection to `address`; rejects with the system's error. A `quiet` one keeps no process alive. */
function connect(address, quiet = false) {
  return new Promise((fulfil, reject) => {
    const socket = net.connect(address.path);
    const fail = (error) => {
      socket.destroy();
      reject(error);
    };
    const late = setTimeout(() => fail(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })), CONNECT_MS);
    if (quiet) {
      socket.unref();
      late.unref();
    }
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(late);
      socket.removeListener('error', fail);
      fulfil(socket);
    });
    socket.once('close', () => clearTimeout(late));
  });
}

/** Whether anybody listens; null if that cannot be told (a listener too busy to take one more). */
async function isAlive(file, quiet) {
  const address = resolve(file);
  if (!address) return false;
  try {
    (await connect(address, quiet)).destroy();
    return true;
  } catch (error) {
    return ['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(error.code) ? false : null;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

/**
 * True if nobody listens under this name; takes it away then, if its process is
 * dead. The number alone proves nothing, neither that it is dead (containers
 * that share the directory count for themselves) nor that it lives (numbers
 * come again), so the socket must refuse as well.
 */
async function sweep({ pid, file }, quiet) {
  if ((await isAlive(file, quiet)) !== false) return false;
  if (pid === process.pid || !isRunning(pid) || isOld(file)) remove(file);
  return true;
}

function isOld(file) {
  try {
    return Date.now() - fs.lstatSync(file).ctimeMs > SETTLED_MS;
  } catch (_) {
    return false;
  }
}

module.exports = { connect, create, isAlive, publish, resolve, sweep };
