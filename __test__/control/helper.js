'use strict';
// Children with a control socket, and what talks to them.

const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');
const shared = require('../process/helper');
const { isAlive } = require('../../lib/control/address');
const client = require('../../lib/control/client');

const { ROOT, until } = shared;
const CLI = path.join(ROOT, 'lib', 'cli.js');
const REGISTER = path.join(ROOT, 'register.js');

/** A folder whose path is short enough for a socket. */
function directory(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'lw-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return path.join(made, 'c');
}

/** A child under register with its socket in `control`; resolves once it can be asked. */
async function served(t, control, script = 'setInterval(() => {}, 1000);', { node = process.execPath, env = {} } = {}) {
  const child = spawn(node, ['--require', REGISTER, '-e', script], {
    env: { ...process.env, LEAKWATCH_CONTROL: control, LEAKWATCH_REPORT: 'off', ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.said = () => stderr;
  // It may speak before anybody can listen for it.
  child.firstMessage = new Promise((resolve) => child.once('message', resolve));
  child.gone = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  t.after(async () => {
    child.kill('SIGKILL');
    await child.gone;
  });
  await until(() => {
    if (child.exitCode !== null) throw new Error(`the child ended: ${stderr}`);
    // The name is there a moment before anybody listens under it.
    return isAlive(fileOf(control, child.pid));
  });
  return child;
}

const fileOf = (control, pid, thread) => path.join(control, `${pid}${thread ? `-${thread}` : ''}.sock`);

/** Writes `bytes` to the socket and resolves with all that comes back until it is closed. */
function raw(file, bytes, { end = false } = {}) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(file);
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text) => (answer += text));
    // A peer that was turned away may find the connection reset under what it still sends.
    socket.on('error', (error) => (['EPIPE', 'ECONNRESET'].includes(error.code) ? resolve(answer) : reject(error)));
    socket.on('close', () => resolve(answer));
    socket.on('connect', () => (end ? socket.end(bytes) : socket.write(bytes)));
  });
}

/** The command, as a person calls it: `{code, signal, stdout, stderr}`. */
function command(args, { env = {}, onSpawn, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env }, ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    if (onSpawn) onSpawn(child);
  });
}

module.exports = { ...shared, CLI, REGISTER, client, command, directory, fileOf, raw, served };
