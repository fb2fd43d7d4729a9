'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

test('lets its list go', () => {
  assert.strictEqual(Array.from({ length: 10000 }, (_, i) => i).length, 10000);
});
