'use strict';

const http = require('http');

const CONNECTIONS = 8;

function get(agent, port, path) {
  return new Promise((resolve, reject) => {
    http.get({ agent, port, host: '127.0.0.1', path }, (response) => {
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });
}

/** A server on a free port and a client beside it that keeps its connections alive. */
function listen(handler) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const server = http.createServer(handler);

  async function load(requests, path) {
    const { port } = server.address();
    let left = requests;
    async function client() {
      while (left > 0) {
        left -= 1;
        await get(agent, port, `${path}?left=${left}`);
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
  }

  function close() {
    agent.destroy();
    return new Promise((resolve) => server.close(resolve));
  }

  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve({ load, close }));
  });
}

module.exports = { listen };
