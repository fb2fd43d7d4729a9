import { expect, test } from 'vitest';

test('leaves nothing behind', () => {
  expect(1 + 1).toBe(2);
});
