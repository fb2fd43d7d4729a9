'use strict';

// Sizes in words: one way for messages, tables and the report's page, and the same as the analysis writes (src/format.rs).

const { test } = require('node:test');
const assert = require('node:assert');
const { bytes, parseBytes, rate, signed } = require('../../lib/text/bytes');
const cli = require('../../lib/cli/format');
const page = require('../../lib/report/page/format');

const SIZES = [
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [9951, '10 kB'],
  [999499, '999 kB'],
  [999500, '1.0 MB'],
  [15e9, '15 GB'],
];

test('sizes are in powers of 1,000, with one decimal below 10, everywhere', () => {
  for (const [size, text] of SIZES) {
    assert.strictEqual(bytes(size), text);
    assert.strictEqual(cli.bytes(size), text);
    assert.strictEqual(page.bytes(size), text);
  }
  assert.strictEqual(bytes(-1234567), '-1.2 MB');
  assert.strictEqual(page.bytes(-1234567), '−1.2 MB');
  assert.deepStrictEqual([signed(12), signed(0), signed(-12)], ['+12 B', '0 B', '-12 B']);
});

test('a rate tells fractions of a byte, and never minus nothing', () => {
  assert.deepStrictEqual([0.44, 8, 56.1, -3.6, -0.01, 1234].map(rate), ['0.4 B', '8 B', '56 B', '-3.6 B', '0.0 B', '1.2 kB']);
});

test('sizes are read as people write them, and nothing else is', () => {
  assert.deepStrictEqual(['10 MB', '512KiB', '7', '1.5 gb', 42].map(parseBytes), [10e6, 524288, 7, 1.5e9, 42]);
  for (const wrong of ['ten', '5 miles', '', '-1', -1, null]) assert.strictEqual(parseBytes(wrong), undefined);
});
