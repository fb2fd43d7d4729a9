'use strict';

const { Clock } = require('../src/clock');

test('ticks until it is stopped', () => {
  jest.useFakeTimers();
  const onTick = jest.fn();
  const clock = new Clock(1000, onTick);
  jest.advanceTimersByTime(3000);
  clock.stop();
  jest.advanceTimersByTime(3000);
  expect(onTick).toHaveBeenCalledTimes(3);
});
