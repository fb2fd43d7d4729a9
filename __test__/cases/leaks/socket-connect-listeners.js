'use strict';

// A client reconnects with one and the same socket. connect() adds its callback as a once('connect') listener, and a
// connection that is refused never takes it off again.

const net = require('net');

const RECONNECTS_PER_ROUND = 60;

let port = 0;
let socket = null;

// A port that was free a moment ago, so that nobody listens on it.
function closedPort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const found = server.address().port;
      server.close(() => resolve(found));
    });
  });
}

function reconnect() {
  const handshake = { attempt: socket.listenerCount('connect'), headers: new Array(50).fill('header') };
  return new Promise((resolve) => {
    socket.once('close', resolve);
    socket.connect(port, '127.0.0.1', () => socket.write(JSON.stringify(handshake)));
  });
}

module.exports = {
  name: 'connect listeners on a reused socket',
  leaks: true,
  channel: 'heap',
  async setup() {
    port = await closedPort();
    socket = new net.Socket();
    socket.setMaxListeners(0);
    socket.on('error', () => {});
  },
  async round() {
    for (let i = 0; i < RECONNECTS_PER_ROUND; i += 1) await reconnect();
  },
  teardown() {
    socket.destroy();
  },
};

if (require.main === module) require('../driver').main(module.exports);
