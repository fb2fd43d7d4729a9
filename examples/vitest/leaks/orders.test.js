import { expect, test } from 'vitest';
import { place } from '../src/orders.js';

test('places many orders and never forgets one', () => {
  for (let i = 0; i < 200000; i++) place({ id: `order ${i}`, lines: [i, i + 1] });
  expect(place({ id: 'last' })).toBeGreaterThan(200000);
});
