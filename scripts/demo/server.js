'use strict';
// The example's server as a child process.

const { spawn } = require('child_process');
const path = require('path');

const FILE = path.join(__dirname, '..', '..', 'examples', 'ssr', 'server.js');
const START_MS = 10000;
const running = new Set();

/** Whatever ends the demo ends its servers. */
function stopAll() {
  for (const child of running) child.kill();
}

class Server {
  /** Starts it with these arguments; resolves once it listens. */
  static start(args) {
    const child = spawn(process.execPath, [FILE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const server = new Server(child);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(server.failure('did not start listening')), START_MS);
      let output = '';
      child.stdout.on('data', (data) => {
        output += data;
        const listening = /listening on (\S+)\n/.exec(output);
        if (!listening || server.url) return;
        server.url = listening[1];
        clearTimeout(late);
        resolve(server);
      });
      // Unread stderr would stall it; read, it explains an early end.
      child.stderr.on('data', (data) => {
        server.complaints = (server.complaints + data).slice(-2000);
      });
      child.on('error', reject);
      child.on('exit', () => {
        running.delete(child);
        clearTimeout(late);
        reject(server.failure('ended before it listened'));
      });
    });
  }

  constructor(child) {
    this.child = child;
    this.complaints = '';
    this.url = null;
  }

  failure(what) {
    const rest = this.complaints ? `; it said:\n${this.complaints}` : '; run it by hand: node examples/ssr/server.js';
    return new Error(`the example's server ${what}${rest}`);
  }

  /** One of its own routes: `POST /leakwatch/reset`. */
  async ask(route) {
    const [method, url] = route.split(' ');
    let response;
    try {
      response = await fetch(this.url + url, { method });
    } catch (error) {
      throw this.failure(`did not answer ${route} (${(error.cause || error).message})`);
    }
    const body = await response.json();
    if (!response.ok) throw Object.assign(new Error(body.message), { code: body.code });
    return body;
  }

  stop() {
    if (!running.has(this.child)) return undefined;
    return new Promise((resolve) => {
      this.child.on('exit', resolve);
      this.child.kill();
    });
  }
}

module.exports = { Server, stopAll };
