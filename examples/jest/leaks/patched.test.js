'use strict';

const http = require('http');

test('replaces http.request and never puts it back', () => {
  const original = http.request;
  http.request = function recorded(...args) {
    return original.apply(this, args);
  };
  expect(http.request).not.toBe(original);
});
