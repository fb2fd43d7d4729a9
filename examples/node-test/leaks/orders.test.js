'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { place } = require('../src/orders');

test('places many orders and never forgets one', () => {
  for (let i = 0; i < 200000; i++) place({ id: `order ${i}`, lines: [i, i + 1] });
  assert.ok(place({ id: 'last' }) > 200000);
});
