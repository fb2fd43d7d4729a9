'use strict';

// The cure of a client that reconnects with one and the same socket: a socket for each attempt, whose listeners go with it.

const net = require('net');

const RECONNECTS_PER_ROUND = 20;

let port = 0;

// A port that was free a moment ago, so that nobody listens on it.
function closedPort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const found = server.address().port;
      server.close(() => resolve(found));
    });
  });
}

function reconnect(attempt) {
  const handshake = { attempt, headers: new Array(50).fill('header') };
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(JSON.stringify(handshake)));
    socket.on('error', () => {});
    socket.once('close', resolve);
  });
}

module.exports = {
  name: 'a socket for each connection',
  leaks: false,
  channel: 'heap',
  async setup() {
    port = await closedPort();
  },
  async round() {
    for (let i = 0; i < RECONNECTS_PER_ROUND; i += 1) await reconnect(i);
  },
};

if (require.main === module) require('../driver').main(module.exports);
