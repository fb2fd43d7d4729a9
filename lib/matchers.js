'use strict';
// `expect(fn).not.toLeak()` for Jest and Vitest.

const { check, warnIfUnknown } = require('./check');
const { describe } = require('./check/text');

/** Asynchronous: `await expect(fn).not.toLeak(options)`. */
async function toLeak(fn, options) {
  const result = await check(fn, options);
  warnIfUnknown(result);
  return {
    pass: result.leaking,
    message: () =>
      result.leaking ? describe(result) : `expected the function to leak, and it does not: ${result.reason}`,
  };
}

module.exports = { toLeak };
