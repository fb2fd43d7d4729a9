'use strict';
// A case of __test__/cases as a server: each request does one round of it.
//
//   node __test__/load/case-server.js leaks/socket-connect-listeners 4000

const http = require('http');
const path = require('path');

const [name, port] = process.argv.slice(2);
const test = require(path.join(__dirname, '..', 'cases', name));

/** Rounds are not made to run beside each other. */
let last = Promise.resolve();
let rounds = 0;

const server = http.createServer((request, response) => {
  last = last.then(() => test.round(rounds++, 1000));
  last.then(
    () => response.end(`${rounds}\n`),
    (error) => {
      response.statusCode = 500;
      response.end(`${error.stack}\n`);
      last = Promise.resolve();
    }
  );
});

Promise.resolve(test.setup && test.setup(1000)).then(() => server.listen(Number(port), '127.0.0.1'));
