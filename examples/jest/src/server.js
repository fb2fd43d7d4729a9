'use strict';

const http = require('http');

function createServer() {
  return http.createServer((request, response) => response.end(`hello from ${request.url}`));
}

module.exports = { createServer };
