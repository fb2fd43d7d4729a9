import { expect, test, vi } from 'vitest';
import { Clock } from '../src/clock.js';

test('ticks until it is stopped', () => {
  vi.useFakeTimers();
  const onTick = vi.fn();
  const clock = new Clock(1000, onTick);
  vi.advanceTimersByTime(3000);
  clock.stop();
  vi.advanceTimersByTime(3000);
  expect(onTick).toHaveBeenCalledTimes(3);
  vi.useRealTimers();
});
