'use strict';
// Where control sockets live: a directory of the user's own, one name for each
// isolate, `<pid>.sock` for the main thread and `<pid>-<thread>.sock` for workers.
//
// On Windows a name is a small file that says which pipe, and the word that
// opens it: pipes are for everybody there, the user's folder is not.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { LeakwatchError } = require('../error');
const { makeFolder } = require('../make-folder');

const WINDOWS = process.platform === 'win32';
const SUFFIX = WINDOWS ? '.json' : '.sock';
const NAME = new RegExp(`^([1-9]\\d{0,9})(?:-([1-9]\\d{0,9}))?\\${SUFFIX}$`);
/** sockaddr_un holds 108 bytes on Linux and 104 elsewhere, the last of them 0; libuv cuts what is longer. */
const MAX_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;
/** The longest name: two numbers of ten digits. */
const LONGEST_NAME = 10 + 1 + 10 + SUFFIX.length;

function unsafe(directory, why) {
  return new LeakwatchError(
    'ERR_LEAKWATCH_CONTROL_UNSAFE',
    `${directory} ${why}; control sockets need a directory of your own with mode 0700: mend it, or name another in LEAKWATCH_CONTROL`,
    { path: directory }
  );
}

const userId = () => (process.getuid ? process.getuid() : os.userInfo().username);

/** The user's, from XDG_RUNTIME_DIR, if there is one and it is theirs. */
function runtimeDirectory(env) {
  const given = env.XDG_RUNTIME_DIR;
  if (WINDOWS || !given || !path.isAbsolute(given)) return undefined;
  try {
    const stats = fs.lstatSync(given);
    return stats.isDirectory() && stats.uid === process.getuid() ? path.join(given, 'leakwatch') : undefined;
  } catch (_) {
    return undefined;
  }
}

const temporaryDirectory = () => path.join(os.tmpdir(), `leakwatch-${userId()}`);

/** Where sockets are made: `given` if it is a path. */
function directoryFor(given, env = process.env) {
  if (typeof given === 'string') return path.resolve(given);
  return runtimeDirectory(env) || temporaryDirectory();
}

/**
 * Where they are looked for. A service seldom has the XDG_RUNTIME_DIR that the
 * shell beside it has, so that both places are looked at.
 */
function candidates(given, env = process.env) {
  if (typeof given === 'string') return [path.resolve(given)];
  const found = [runtimeDirectory(env), temporaryDirectory(), `/tmp/leakwatch-${userId()}`];
  return found.filter((directory, at) => directory && (!WINDOWS || at === 1) && found.indexOf(directory) === at);
}

/** Throws unless `directory` is a real one, ours, and nobody else's to enter. False if it is not there. */
function check(directory) {
  let stats;
  try {
    stats = fs.lstatSync(directory);
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw unsafe(directory, `cannot be looked at (${error.code})`);
  }
  if (stats.isSymbolicLink()) throw unsafe(directory, 'is a symbolic link');
  if (!stats.isDirectory()) throw unsafe(directory, 'is not a directory');
  if (WINDOWS) return true;
  if (stats.uid !== process.getuid()) throw unsafe(directory, `belongs to user ${stats.uid}, not to ${process.getuid()}`);
  const mode = stats.mode & 0o777;
  if (mode & 0o077) throw unsafe(directory, `can be entered by others (mode 0${mode.toString(8)})`);
  return true;
}

/** Makes `directory` if need be, and checks it. */
function prepare(directory) {
  if (!check(directory)) {
    try {
      makeFolder(path.dirname(directory));
      fs.mkdirSync(directory, { mode: 0o700 });
    } catch (error) {
      // Another process of ours may have been faster.
      if (error.code !== 'EEXIST') throw unsafe(directory, `cannot be made (${error.code})`);
    }
    if (!check(directory)) throw unsafe(directory, 'vanished');
  }
  const longest = Buffer.byteLength(directory) + 1 + LONGEST_NAME;
  if (!WINDOWS && longest > MAX_SOCKET_PATH) {
    throw unsafe(directory, `is too long a path for a socket by ${longest - MAX_SOCKET_PATH} bytes`);
  }
  return directory;
}

const fileOf = (directory, pid, thread) => path.join(directory, `${pid}${thread ? `-${thread}` : ''}${SUFFIX}`);

/** `{pid, thread, file}` of each name in `directory`; nothing if it is not there. */
function entries(directory) {
  if (!check(directory)) return [];
  const found = [];
  for (const name of fs.readdirSync(directory)) {
    const match = NAME.exec(name);
    if (match) found.push({ pid: Number(match[1]), thread: Number(match[2] || 0), file: path.join(directory, name) });
  }
  return found.sort((a, b) => a.pid - b.pid || a.thread - b.thread);
}

function remove(file) {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

module.exports = { WINDOWS, candidates, check, directoryFor, entries, fileOf, prepare, remove, unsafe };
