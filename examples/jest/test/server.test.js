'use strict';

const http = require('http');
const { createServer } = require('../src/server');

test('greets', (done) => {
  const server = createServer();
  server.listen(0, '127.0.0.1', () => {
    http.get({ port: server.address().port, path: '/here', agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => {
        expect(body).toBe('hello from /here');
        server.close(done);
      });
    });
  });
});
