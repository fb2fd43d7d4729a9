'use strict';
// What is said over the control socket: one JSON object a line, each way.
//
//   → {"leakwatch": 1, "id": 7, "do": "baseline", "with": {"label": "before"}, "thread": 0}
//   ← {"leakwatch": 1, "id": 7, "result": {…}}
//   ← {"leakwatch": 1, "id": 7, "error": {"code": "ERR_LEAKWATCH_…", "message": "…"}}
//
// No I/O here.

const { LeakwatchError } = require('../error');

const VERSION = 1;
/** Of a request: paths and labels are short, and a peer that sends more has not understood. */
const MAX_REQUEST = 64 * 1024;
/** Of an answer: a status with every thread in it is far below. */
const MAX_ANSWER = 16 * 1024 * 1024;
const NEWLINE = 10;

function refuse(message) {
  return new LeakwatchError('ERR_LEAKWATCH_CONTROL_REFUSED', message);
}

/** Cuts a stream into lines of at most `limit` bytes. */
class Lines {
  constructor(limit) {
    this._limit = limit;
    this._chunks = [];
    this._length = 0;
  }

  /** Bytes of the line that has begun. */
  get pending() {
    return this._length;
  }

  /** The lines that `chunk` completes. Throws on one that is too long; nothing more can be read then. */
  push(chunk) {
    const lines = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this._keep(chunk.slice(from, at));
      lines.push(Buffer.concat(this._chunks).toString('utf8'));
      this._chunks = [];
      this._length = 0;
      from = at + 1;
    }
    if (from < chunk.length) this._keep(chunk.slice(from));
    return lines;
  }

  _keep(piece) {
    this._length += piece.length;
    if (this._length > this._limit) {
      throw refuse(`a line is longer than ${this._limit} bytes; send one JSON object a line`);
    }
    this._chunks.push(piece);
  }
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A request as it came, checked as far as the protocol goes: `{id, name, given, thread, token}`. */
function parseRequest(line) {
  let message;
  try {
    message = JSON.parse(line);
  } catch (error) {
    throw refuse(`not JSON: ${error.message}; send one JSON object a line`);
  }
  if (!isObject(message)) throw refuse('a request must be a JSON object');
  const { leakwatch, id, do: name, with: given = {}, thread, token } = message;
  if (leakwatch !== VERSION) {
    const shown = leakwatch === undefined ? 'none' : JSON.stringify(leakwatch).slice(0, 20);
    throw refuse(
      `this process speaks version ${VERSION} of the protocol, the request says ${shown}; use the leakwatch command of the same release`
    );
  }
  if (!Number.isInteger(id)) throw refuse('"id" must be a whole number');
  if (typeof name !== 'string') throw refuse('"do" must be a string');
  if (!isObject(given)) throw refuse('"with" must be an object');
  if (thread !== undefined && !(Number.isInteger(thread) && thread >= 0)) {
    throw refuse('"thread" must be the number of a thread');
  }
  return { id, name, given, thread, token };
}

const line = (message) => `${JSON.stringify({ leakwatch: VERSION, ...message })}\n`;

const request = (id, name, given, { thread, token } = {}) => line({ id, do: name, with: given, thread, token });

const answer = (id, result) => line({ id, result });

function failure(id, error) {
  const { code = 'ERR_LEAKWATCH_INTERNAL', message, path, needed, available } = error;
  return line({ id, error: { code, message: String(message), path, needed, available } });
}

/** What came back: the result, or the process's error thrown here. */
function parseAnswer(text, id) {
  let message;
  try {
    message = JSON.parse(text);
  } catch (_) {
    throw refuse('the process answered something that is not JSON: is it leakwatch that listens there?');
  }
  if (!isObject(message) || message.leakwatch !== VERSION) {
    throw refuse(`the process does not speak version ${VERSION} of the protocol; use the leakwatch command of its release`);
  }
  if (isObject(message.error)) {
    const { code, message: why, ...details } = message.error;
    throw new LeakwatchError(String(code), String(why), details);
  }
  if (message.id !== id) throw refuse('the process answered another request');
  return message.result;
}

module.exports = { Lines, MAX_ANSWER, MAX_REQUEST, VERSION, answer, failure, parseAnswer, parseRequest, refuse, request };
