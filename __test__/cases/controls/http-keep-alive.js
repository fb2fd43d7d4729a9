'use strict';

// A server and a client with connections kept alive, under load. Sockets, parsers and header caches fill up at first.

const service = require('../http-service');
const { user } = require('../payload');

let running = null;

module.exports = {
  name: 'HTTP traffic over kept-alive connections',
  leaks: false,
  channel: 'heap',
  natural: true,
  naturalRounds: 500,
  async setup() {
    running = await service.listen((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify([user(1), user(2), request.url]));
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
