'use strict';

const { Clock } = require('../src/clock');

test('starts a clock and never stops it', () => {
  const ticks = [];
  const clock = new Clock(3600000, () => ticks.push(Date.now()));
  expect(clock.timer).toBeDefined();
});
