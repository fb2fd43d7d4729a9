#!/usr/bin/env node
'use strict';
// The command `leakwatch`: lib/cli/main.js does it. Node exits with 1 on an
// uncaught error, which would say that suspects were found: here it is 2.

const fs = require('fs');

/** Commands that have a child to look after, whether anybody reads their output or not. */
const PARENTS = ['run', 'load'];

function fail(error) {
  const { code, message, stack, constructor, syscall } = error instanceof Error ? error : new Error(String(error));
  const isUsage = constructor.name === 'Wrong';
  // What the caller can mend is told in words, a mistake in leakwatch itself with its place.
  let told = isUsage || code !== undefined ? message : stack;
  if (syscall === 'uv_cwd') told = 'the working directory has been removed; change to one that is there';
  try {
    fs.writeSync(2, `leakwatch: ${told}${isUsage ? '\nleakwatch --help tells more' : ''}\n`);
  } catch (_) {
    // Nobody reads it.
  }
  process.exit(2);
}

// `leakwatch diff … | head`: what is not read any more is not written.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') fail(error);
  else if (!PARENTS.includes(process.argv[2])) process.exit();
});
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

require('./cli/main')
  .main(process.argv.slice(2))
  .then((code) => {
    process.exitCode = code;
  }, fail);
