'use strict';

const assert = require('assert');
const { Clock } = require('../src/clock');

describe('Clock', () => {
  it('ticks until it is stopped', (done) => {
    const clock = new Clock(1, () => {
      clock.stop();
      done();
    });
    assert.ok(clock.timer);
  });
});
