'use strict';
// Files that commands write: looked at before minutes of work, and named when they cannot be written after all.

const fs = require('fs');
const path = require('path');
const { suppressText } = require('../analysis');
const { LeakwatchError } = require('../error');
const { writeWhole } = require('../whole-file');
const { Wrong } = require('./arguments');

/** `fs`'s message without the call and its path, which may be that of a hidden file. */
const reason = ({ message }) => message.replace(/, \w+(?: '.*')?$/, '');

function statsOf(file) {
  try {
    return fs.statSync(file);
  } catch (_) {
    return null;
  }
}

function canWrite(file) {
  try {
    fs.accessSync(file, fs.constants.W_OK);
    return true;
  } catch (_) {
    return false;
  }
}

/** Throws where `file`, the value of the option `name`, cannot become a file. */
function checkOutput(name, file) {
  if (file === undefined) return;
  const stats = statsOf(file);
  if (stats && stats.isDirectory()) throw new Wrong(`${name} needs a file to write, and ${file} is a directory`);
  const folder = path.dirname(path.resolve(file));
  if (!stats && !fs.existsSync(folder)) throw new Wrong(`${name} ${file}: there is no directory ${folder}`);
  if (!(stats && canWrite(file)) && !canWrite(folder)) throw new Wrong(`${name} ${file} cannot be written: no permission`);
}

/** Throws where nothing can be made in `folder`, the value of the option `name`. */
function checkFolder(name, folder) {
  const stats = statsOf(folder);
  if (!stats || !stats.isDirectory()) throw new Wrong(`${name} needs a directory that is there, not ${folder}`);
  if (!canWrite(folder)) throw new Wrong(`${name} ${folder} cannot be written to: no permission`);
}

/** Throws where the suppress file of `--suppress` is not there. */
function checkSuppress(file) {
  if (file !== undefined) suppressText(file);
}

/** Writes the whole file, or says which it was. */
function writeOutput(file, content, mode) {
  try {
    writeWhole(file, content, mode);
  } catch (error) {
    throw new LeakwatchError('ERR_LEAKWATCH_IO', `${file} cannot be written: ${reason(error)}`, { path: file });
  }
}

module.exports = { checkFolder, checkOutput, checkSuppress, reason, writeOutput };
