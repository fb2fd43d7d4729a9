'use strict';
// Opens the control socket of this isolate, once, for whoever wants it open.

const directory = require('./directory');
const { ControlServer } = require('./server');

// One set for the isolate, however often this file is loaded into a realm.
const KEY = Symbol.for('leakwatch.control');

function servers() {
  if (!process[KEY]) {
    Object.defineProperty(process, KEY, { value: new Map(), configurable: true });
  }
  return process[KEY];
}

/**
 * Opens it, or joins who has; `given` is true or a directory. `tell(error)` hears
 * what goes wrong later. Returns what lets it go.
 * @throws {LeakwatchError} `ERR_LEAKWATCH_CONTROL_UNSAFE`
 */
function hold(given, tell) {
  const where = directory.directoryFor(given);
  const open = servers();
  let entry = open.get(where);
  if (!entry) {
    const server = new ControlServer(where, (error) => {
      open.delete(where);
      tell(error);
    });
    entry = { server, users: 0 };
    server.open();
    open.set(where, entry);
  }
  entry.users += 1;
  let held = true;
  return function release() {
    if (!held) return;
    held = false;
    entry.users -= 1;
    if (entry.users > 0) return;
    if (open.get(where) === entry) open.delete(where);
    entry.server.close();
  };
}

module.exports = { hold };
