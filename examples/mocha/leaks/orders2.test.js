'use strict';

const assert = require('assert');
const { place } = require('../src/orders');

describe('orders, part 2', () => {
  it('places many', () => {
    for (let i = 0; i < 20000; i++) place({ id: `2-${i}`, lines: [i, i + 1] });
    assert.ok(place({ id: '2' }) > 20000);
  });
});
