import http from 'node:http';
import { expect, test } from 'vitest';

test('replaces http.request and never puts it back', () => {
  const original = http.request;
  http.request = function recorded(...args) {
    return original.apply(this, args);
  };
  expect(http.request).not.toBe(original);
});
