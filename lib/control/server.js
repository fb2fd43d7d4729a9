'use strict';
// The control socket of this isolate: made on request, for this user alone,
// gone with the process. It never keeps the process alive.

const net = require('net');
const host = require('../host');
const address = require('./address');
const directory = require('./directory');
const { Connection } = require('./connection');
const { ask } = require('./client');
const { perform } = require('./commands');
const { refuse } = require('./protocol');
const { LeakwatchError } = require('../error');

/** One user needs one or two; more are a mistake, and each costs the service. */
const MAX_CONNECTIONS = 32;

function taken(file) {
  return new LeakwatchError(
    'ERR_LEAKWATCH_CONTROL_UNSAFE',
    `${file} is used by another process with the same number, in another container as it seems; ` +
      'give each a directory of its own in LEAKWATCH_CONTROL',
    { path: file }
  );
}

class ControlServer {
  /** `tell(error)` hears of what goes wrong later. */
  constructor(where, tell) {
    this._directory = directory.prepare(where);
    this._file = directory.fileOf(this._directory, process.pid, host.threadId);
    this._address = address.create(this._file);
    this._tell = tell;
    this._connections = new Set();
    this._closed = false;
    this._published = false;
    this._onExit = () => this._unpublish();
  }

  open() {
    process.on('exit', this._onExit);
    if (host.threadId === 0) this._sweep();
    this._listen(true);
  }

  close() {
    if (this._closed) return;
    this._closed = true;
    process.removeListener('exit', this._onExit);
    for (const connection of this._connections) connection.destroy();
    if (this._server) this._server.close();
    this._unpublish();
  }

  _listen(again) {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => this._accept(socket));
    this._server = server;
    server.on('error', (error) => {
      if (error.code === 'EADDRINUSE' && again) this._replace();
      else this._fail(error);
    });
    // A cluster's children share their sockets; this one is each process's own. It is bound before listen()
    // returns, and must be known to be: the process may end in this very turn.
    server.listen({ path: this._address.path, exclusive: true });
    if (server.listening) this._publish();
    server.unref();
  }

  _publish() {
    this._published = true;
    try {
      address.publish(this._file, this._address);
    } catch (error) {
      this._fail(error);
    }
  }

  /** The name is there already: a dead process's, or one of another container's. */
  async _replace() {
    try {
      const alive = await address.isAlive(this._file, true);
      if (this._closed) return;
      if (alive !== false) throw taken(this._file);
      directory.remove(this._file);
      this._listen(false);
    } catch (error) {
      this._fail(error);
    }
  }

  async _sweep() {
    try {
      for (const entry of directory.entries(this._directory)) {
        if (entry.file !== this._file) await address.sweep(entry, true);
      }
    } catch (_) {
      // Tidying for others is a courtesy.
    }
  }

  _accept(socket) {
    const connection = new Connection(
      socket,
      (request, signal) => this._perform(request, signal),
      (closed) => this._connections.delete(closed)
    );
    const full = this._connections.size >= MAX_CONNECTIONS;
    this._connections.add(connection);
    if (full) {
      const message = `${MAX_CONNECTIONS} connections are open already; close some, then try again`;
      connection.refuse(new LeakwatchError('ERR_LEAKWATCH_BUSY', message));
    }
  }

  async _perform({ name, given, thread, token }, signal) {
    if (token !== this._address.token) throw refuse('"token" is not the one in the file beside the pipe');
    if (thread === undefined || thread === host.threadId) return perform(name, given, signal, this._threads());
    if (!this._threads().includes(thread)) {
      throw refuse(`no thread ${thread} of this process has a control socket; those that have one: ${this._threads().join(', ')}`);
    }
    return ask(directory.fileOf(this._directory, process.pid, thread), name, given, { timeout: 0, signal, quiet: true });
  }

  /** The threads of this process that have a socket. */
  _threads() {
    const own = directory.entries(this._directory).filter(({ pid }) => pid === process.pid);
    return own.map(({ thread }) => thread);
  }

  _fail(error) {
    if (this._closed) return;
    this.close();
    if (error instanceof LeakwatchError) this._tell(error);
    else this._tell(new LeakwatchError('ERR_LEAKWATCH_IO', `listening failed: ${error.message}`, { path: this._file }));
  }

  _unpublish() {
    if (!this._published) return;
    this._published = false;
    try {
      directory.remove(this._file);
    } catch (_) {
      // The next process in this directory tries again.
    }
  }
}

module.exports = { ControlServer };
