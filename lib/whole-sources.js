'use strict';
// V8 cuts the strings of a snapshot off at 1,024 characters. Code that was
// transformed while it was loaded (Jest, ts-node, tsx) has its source map at the
// end of its own source and in no file: without it places are those of lines nobody wrote.

const v8 = require('v8');

const FLAG = '--heap-snapshot-string-limit';
const DEFAULT = 1024;
/** A source of 100 kB with its map; larger strings are data. */
const LONG = 1 << 19;

/** Where the user has set a limit, it stays. */
const given = () => `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS || ''}`.replace(/_/g, '-').includes(FLAG);

/** Runs `take`, in which snapshots hold whole sources; it may return a promise. */
function withWholeSources(take) {
  if (given()) return take();
  v8.setFlagsFromString(`${FLAG}=${LONG}`);
  const restore = () => v8.setFlagsFromString(`${FLAG}=${DEFAULT}`);
  let result;
  try {
    result = take();
  } catch (error) {
    restore();
    throw error;
  }
  if (result && typeof result.then === 'function') {
    return result.then(
      (value) => {
        restore();
        return value;
      },
      (error) => {
        restore();
        throw error;
      }
    );
  }
  restore();
  return result;
}

module.exports = { withWholeSources };
