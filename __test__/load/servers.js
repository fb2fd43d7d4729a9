'use strict';
// Small servers to be checked under load: `node servers.js KIND PORT`.

const http = require('http');

const [kind, port] = process.argv.slice(2);
const seen = [];

const KINDS = {
  clean: (request, response) => response.end(JSON.stringify({ method: request.method, url: request.url })),
  leaky: (request, response) => {
    seen.push({ url: request.url, headers: { ...request.headers } });
    response.end('ok');
  },
  refusing: (request, response) => {
    response.statusCode = 503;
    response.end();
  },
  /** Answers for a while, and then no more. */
  dying: (request, response) => {
    if (seen.push(0) > 100) {
      process.stderr.write('the database went away\n');
      process.exit(7);
    }
    response.end('ok');
  },
  /** Expects what the scenario says. */
  picky: (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => (body += text));
    request.on('end', () => {
      const { method, url, headers } = request;
      const fits =
        (method === 'GET' && /^\/items\/\d+$/.test(url) && headers['x-who'] === 'me') ||
        (method === 'POST' && url === '/orders' && headers['content-type'] === 'application/json' && Number.isInteger(JSON.parse(body).number)) ||
        (method === 'GET' && url === '/');
      if (!fits) response.statusCode = 400;
      response.end();
    });
  },
};

http.createServer(KINDS[kind]).listen(Number(port), '127.0.0.1');
