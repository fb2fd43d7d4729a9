'use strict';
// An HTTP server that allocates for each request, watched or not as it is told.
// Answers {command: 'on' | 'off'} with its CPU time so far, and 'close'.

const http = require('http');
const { cpuMicros, leakwatch, send } = require('../support/program');

const tool = leakwatch();

/** A page as template engines make it: objects, closures, strings, joined. */
function page(id) {
  const rows = [];
  for (let i = 0; i < 200; i++) {
    rows.push({ id: id + i, name: `item ${i}`, tags: [`t${i % 7}`, `u${i % 11}`], price: i * 1.25 });
  }
  return JSON.stringify(rows.filter((row) => row.price > 10).map((row) => Object.assign({ link: `/${row.id}` }, row)));
}

// What a service keeps between requests, so that survivors are copied as well.
const recent = new Array(500);
let requests = 0;

const server = http.createServer((request, response) => {
  const body = page(requests);
  recent[requests % recent.length] = { at: requests, url: request.url, body };
  requests += 1;
  response.setHeader('content-type', 'application/json');
  response.end(body);
});

process.on('message', (message) => {
  if (message === 'on') tool.start();
  else if (message === 'off') tool.stop();
  else process.exit(0);
  const { minor, major } = tool.stats().gc;
  send('done', { cpu: cpuMicros(), requests, gcs: minor.count + major.count });
});

server.listen(0, '127.0.0.1', () => send('listening', server.address().port));
