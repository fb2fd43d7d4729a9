'use strict';

// A server under load remembers each request to be able to look it up by its number. A request keeps its headers and,
// through them, what was read from the socket.

const service = require('../http-service');

const seen = new Map();
let running = null;

module.exports = {
  name: 'HTTP server that keeps every request',
  leaks: true,
  channel: 'heap',
  natural: true,
  naturalRounds: 1100,
  async setup() {
    running = await service.listen((request, response) => {
      seen.set(`${seen.size} ${request.url}`, request);
      response.end('ok');
    });
  },
  round(i) {
    return running.load(50, `/items/${i}`);
  },
  teardown() {
    return running.close();
  },
};

if (require.main === module) require('../driver').main(module.exports);
