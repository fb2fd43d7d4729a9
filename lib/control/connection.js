'use strict';
// One peer at the control socket: lines in, answers out, one at a time.

const { timers } = require('../host');
const { Lines, MAX_REQUEST, answer, failure, parseRequest, refuse } = require('./protocol');

/** A whole line must come, and an answer be taken, within this. */
const PATIENCE_MS = 30000;
/** How long a peer that was turned away may take to read why. */
const FAREWELL_MS = 1000;
/** Requests that may wait for their turn: each is a piece of the service's time. */
const MAX_WAITING = 64;

class Connection {
  /** `perform(request, signal)` does what is asked; `closed` is told at the end. */
  constructor(socket, perform, closed) {
    this._socket = socket;
    this._perform = perform;
    this._lines = new Lines(MAX_REQUEST);
    this._queue = [];
    /** Bytes of the lines that wait. */
    this._waiting = 0;
    this._isWorking = false;
    this._isOver = false;
    /** Shaped like an AbortSignal, which old Nodes lack: a peer that left wants no answer. */
    this._signal = { aborted: false };
    socket.unref();
    socket.on('data', (chunk) => this._take(chunk));
    socket.on('end', () => this._left());
    // A peer that vanishes is no concern of the service; 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      this._signal.aborted = true;
      this._isOver = true;
      this._calm();
      closed(this);
    });
    this._awaitLine();
  }

  destroy() {
    this._socket.destroy();
  }

  /** Turns the peer away, and says why. */
  refuse(error) {
    if (this._isOver) return;
    this._isOver = true;
    this._queue.length = 0;
    this._socket.end(failure(null, error));
    this._expect(() => this.destroy(), FAREWELL_MS);
  }

  _take(chunk) {
    // What a peer sends that was turned away is read and dropped: it gets its answer then.
    if (this._isOver) return;
    try {
      for (const line of this._lines.push(chunk)) {
        this._queue.push(line);
        this._waiting += line.length;
      }
    } catch (error) {
      this.refuse(error);
      return;
    }
    if (this._queue.length > MAX_WAITING || this._waiting + this._lines.pending > MAX_REQUEST) {
      this.refuse(refuse('too much at once; wait for an answer before the next request'));
    } else if (this._queue.length > 0 && !this._isWorking) {
      this._work();
    }
  }

  /** The peer has gone, or says no more: whatever can still be answered is, the rest is given up. */
  _left() {
    this._signal.aborted = true;
    if (this._isWorking) return;
    if (this._lines.pending > 0) this.refuse(refuse('the request was cut off; end it with a newline'));
    else this._finish();
  }

  async _work() {
    this._isWorking = true;
    this._calm();
    while (this._queue.length > 0 && !this._isOver) {
      const line = this._queue.shift();
      this._waiting -= line.length;
      await this._answer(line);
      // The service's own work comes in between, however much is asked at once.
      await new Promise((resolve) => timers.setImmediate(resolve));
    }
    this._isWorking = false;
    if (this._isOver) return;
    if (this._signal.aborted) this._finish();
    else this._awaitLine();
  }

  async _answer(line) {
    let request;
    try {
      request = parseRequest(line);
    } catch (error) {
      // Who sends what is no request is not understood from here on.
      this.refuse(error);
      return;
    }
    let reply;
    try {
      reply = answer(request.id, await this._perform(request, this._signal));
    } catch (error) {
      reply = failure(request.id, error);
    }
    if (!this._isOver) await this._send(reply);
  }

  _send(text) {
    this._expect(() => this.destroy());
    return new Promise((resolve) => {
      const done = () => {
        if (!this._isOver) this._calm();
        this._socket.removeListener('close', done);
        resolve();
      };
      this._socket.once('close', done);
      this._socket.write(text, done);
    });
  }

  _finish() {
    this._isOver = true;
    this._socket.end();
    this._expect(() => this.destroy(), FAREWELL_MS);
  }

  _awaitLine() {
    this._expect(() => {
      this.refuse(refuse(`no whole line came within ${PATIENCE_MS / 1000} s; end requests with a newline`));
    });
  }

  _expect(late, within = PATIENCE_MS) {
    this._calm();
    this._timer = timers.setTimeout(late, within);
    this._timer.unref();
  }

  _calm() {
    if (this._timer) timers.clearTimeout(this._timer);
    this._timer = undefined;
  }
}

module.exports = { Connection };
