'use strict';
// Plain node:http with leakwatch.
//
//   npm install && npm start
//   curl http://127.0.0.1:3000/health

const http = require('http');
const { health } = require('../health');

const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  if (request.url === '/health') {
    const { code, body } = health();
    response.statusCode = code;
    response.end(JSON.stringify(body));
  } else {
    response.end(JSON.stringify({ hello: 'world' }));
  }
});

server.listen(process.env.PORT || 3000, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
