'use strict';
// Express with leakwatch.
//
//   npm install && npm start
//   curl http://127.0.0.1:3000/health

const express = require('express');
const { health } = require('../health');

const app = express();

app.get('/', (request, response) => {
  response.json({ hello: 'world' });
});

app.get('/health', (request, response) => {
  const { code, body } = health();
  response.status(code).json(body);
});

const server = app.listen(process.env.PORT || 3000, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
