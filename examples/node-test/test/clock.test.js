'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { Clock } = require('../src/clock');

test('ticks until it is stopped', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  let ticks = 0;
  const clock = new Clock(1000, () => (ticks += 1));
  context.mock.timers.tick(3000);
  clock.stop();
  context.mock.timers.tick(3000);
  assert.strictEqual(ticks, 3);
});
