'use strict';
// Loaded into every process of a server under test: watches it, and ends it with
// the command that started it, should that be killed without a chance to tidy up.

require('../register');

const PARENT = Number(process.env.LEAKWATCH_LOAD_PARENT);
const EVERY_MS = 500;

function isGone() {
  try {
    process.kill(PARENT, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

if (PARENT > 0 && require('../host').threadId === 0) {
  setInterval(() => {
    if (isGone()) process.kill(process.pid, 'SIGKILL');
  }, EVERY_MS).unref();
}
