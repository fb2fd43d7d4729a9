'use strict';

const assert = require('assert');
const { place } = require('../src/orders');

describe('orders, part 11', () => {
  it('places many', () => {
    for (let i = 0; i < 20000; i++) place({ id: `11-${i}`, lines: [i, i + 1] });
    assert.ok(place({ id: '11' }) > 20000);
  });
});
