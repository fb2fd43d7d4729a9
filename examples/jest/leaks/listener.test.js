'use strict';

// Jest hands each test file a `process` of its own; what listens on the real one stays.
const realProcess = require('vm').runInThisContext('process');

test('listens on process and never stops', () => {
  const seen = [];
  realProcess.on('warning', function remember(warning) {
    seen.push(warning);
  });
  expect(realProcess.listenerCount('warning')).toBeGreaterThan(0);
});
