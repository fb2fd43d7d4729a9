'use strict';
// Processes of a fleet.

const { fork } = require('child_process');
const path = require('path');

const PROGRAM = path.join(__dirname, '..', 'programs', 'service.js');

class Service {
  static async start(options) {
    const service = new Service(options);
    service.port = await service._listening;
    service.instance = `127.0.0.1:${service.port}`;
    return service;
  }

  constructor({ flags = [], ...options }) {
    this.options = options;
    this.child = fork(PROGRAM, [JSON.stringify(options)], { execArgv: flags });
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
    this._listening = new Promise((resolve, reject) => {
      this.child.once('message', resolve);
      this.ended.then((code) => reject(new Error(`a service ended with ${code} before it listened`)));
    });
  }

  async stop() {
    this.child.kill();
    await this.ended;
  }
}

module.exports = { Service };
