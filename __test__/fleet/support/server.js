'use strict';
// A real Prometheus server on a loopback port, with data of its own, that scrapes and evaluates every second.

const { spawn } = require('child_process');
const fs = require('fs');
const http = require('http');
const net = require('net');
const os = require('os');
const path = require('path');
const yaml = require('js-yaml');
const { binaries } = require('./binaries');

const RULES = path.join(__dirname, '..', '..', '..', 'ops', 'prometheus', 'leakwatch.rules.yml');
const TRIES = 5;
const alive = new Set();

process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

function get(port, target) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path: target }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    request.on('error', reject);
  });
}

/** Resolves with the first truthy value; the test runner's limit is the only clock. */
async function until(condition) {
  for (;;) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A port that was free a moment ago. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The rules as they ship, but for how long things must have lasted: nobody waits five minutes here. */
function quickRules() {
  const rules = yaml.load(fs.readFileSync(RULES, 'utf8'));
  for (const group of rules.groups) {
    for (const rule of group.rules) if (rule.for) rule.for = '1s';
  }
  return yaml.dump(rules);
}

class Prometheus {
  /** `jobs`: `{name: [port, ...]}` of what to scrape, every so many seconds. */
  static async start(jobs, seconds = 1) {
    const every = `${seconds}s`;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-prometheus-'));
    fs.writeFileSync(path.join(folder, 'rules.yml'), quickRules());
    const scrape = (name) => ({ job_name: name, static_configs: [{ targets: jobs[name].map((port) => `127.0.0.1:${port}`) }] });
    const config = {
      global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
      rule_files: ['rules.yml'],
      scrape_configs: Object.keys(jobs).map(scrape),
    };
    fs.writeFileSync(path.join(folder, 'prometheus.yml'), yaml.dump(config));
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const server = new Prometheus(folder, await freePort());
      if (await server._ready()) return server;
      if (!/address already in use/.test(server._output)) break;
    }
    throw new Error('Prometheus did not start; its output is above');
  }

  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
    this._output = '';
    this._child = spawn(
      binaries().prometheus,
      [
        `--config.file=${path.join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] }
    );
    alive.add(this._child);
    const keep = (text) => {
      this._output = (this._output + text).slice(-20000);
    };
    this._child.stdout.on('data', keep);
    this._child.stderr.on('data', keep);
    this._ended = new Promise((resolve) => this._child.on('close', resolve));
    this._ended.then(() => alive.delete(this._child));
  }

  /** False if it ended instead. */
  async _ready() {
    let ended = false;
    this._ended.then(() => (ended = true));
    return until(async () => {
      if (ended) {
        process.stderr.write(this._output);
        return 'ended';
      }
      const answer = await get(this.port, '/-/ready').catch(() => null);
      return answer && answer.status === 200;
    }).then((value) => value === true);
  }

  /** What the HTTP API says at `/api/v1/…`. */
  async ask(target) {
    const { status, body } = await get(this.port, `/api/v1/${target}`);
    const answer = JSON.parse(body);
    if (answer.status !== 'success') throw new Error(`${target}: ${status} ${body}`);
    return answer.data;
  }

  /** The instant vector of an expression. */
  async query(expression) {
    const { result } = await this.ask(`query?query=${encodeURIComponent(expression)}`);
    return result;
  }

  /** Alerts that fire, by name. */
  async firing(name) {
    const { alerts } = await this.ask('alerts');
    return alerts.filter((alert) => alert.state === 'firing' && alert.labels.alertname === name);
  }

  async stop() {
    this._child.kill('SIGTERM');
    await this._ended;
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

module.exports = { Prometheus, get, until };
