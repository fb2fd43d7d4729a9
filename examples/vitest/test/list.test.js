import { expect, test } from 'vitest';

test('lets its list go', () => {
  expect(Array.from({ length: 10000 }, (_, i) => i)).toHaveLength(10000);
});
