'use strict';

const assert = require('assert');

describe('a list', () => {
  it('is let go', () => {
    assert.strictEqual(Array.from({ length: 10000 }, (_, i) => i).length, 10000);
  });
});
