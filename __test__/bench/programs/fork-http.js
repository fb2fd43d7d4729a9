'use strict';
// An HTTP server with a heap to capture, told by message when and how.
//
// {bytes, folder}; commands "fork" and "inline", answered by "done".

const fs = require('fs');
const http = require('http');
const path = require('path');
const { args, leakwatch, now, send } = require('../support/program');
const { fill } = require('../support/heaps');

const heap = fill(args.bytes);
const tool = leakwatch();
tool.gc();

/** Reads and writes old objects and makes young ones, as a service does. */
function handle(request, response) {
  const found = [];
  for (let i = 0; i < 20; i++) {
    const session = heap[Math.floor(Math.random() * heap.length)];
    session.last = now();
    found.push({ id: session.id, user: session.user.name, total: session.total() });
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(found));
}

process.on('message', async (command) => {
  const file = path.join(args.folder, `${command}.heapsnapshot`);
  const start = now();
  let result = {};
  if (command === 'inline') require('v8').writeHeapSnapshot(file);
  // As a service would have it but for the niceness: on a busy machine 19 gets no turn.
  else result = await tool.promises.writeSnapshot(file, { mode: 'fork', niceness: 5, force: true });
  const bytes = fs.statSync(file).size;
  fs.unlinkSync(file);
  await send('done', { ms: now() - start, bytes, pauseMs: result.pauseMs });
});

http.createServer(handle).listen(0, '127.0.0.1', function listening() {
  send('listening', this.address().port);
});
