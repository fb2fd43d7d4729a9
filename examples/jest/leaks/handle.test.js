'use strict';

const { createServer } = require('../src/server');

test('starts a server and never closes it', (done) => {
  const server = createServer();
  server.listen(0, '127.0.0.1', () => {
    expect(server.address().port).toBeGreaterThan(0);
    done();
  });
});
