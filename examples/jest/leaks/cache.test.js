'use strict';

const { remember, recall } = require('../src/session-cache');

test('remembers sessions in a module-level cache that outlives the file', () => {
  for (let id = 0; id < 1000; id++) remember(id, { id, since: Date.now() });
  expect(recall(999).id).toBe(999);
});
