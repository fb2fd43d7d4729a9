'use strict';

// Node's own objects, kept or never closed.

const { EventEmitter } = require('events');
const fs = require('fs');
const os = require('os');
const path = require('path');

const kept = { streams: new Map(), sockets: new Set(), ports: [], heads: [], hashes: [], zips: [], scripts: [], urls: new Map() };
const db = new EventEmitter();
db.setMaxListeners(0);
process.setMaxListeners(0);
let server;
let http;

class Query {
  constructor(id) {
    this.sql = `select * from orders where id = ${id}`;
    this.parameters = [id];
  }
}

/** One request to the program's own server. */
function get(pathname) {
  return new Promise((resolve, reject) => {
    http.get({ port: server.address().port, host: '127.0.0.1', path: pathname, agent: false }, (response) => {
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });
}

function listen(handler) {
  http = require('http');
  server = http.createServer(handler);
  server.unref();
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

module.exports = {
  'listeners on process': {
    round(i) {
      const query = new Query(i);
      process.on('warning', function logWarning() {
        return query;
      });
    },
    names: /logWarning/,
    first: /'warning' on the process/,
    kinds: ['listeners'],
  },
  'listeners on a client': {
    round(i) {
      const query = new Query(i);
      db.on('error', () => query);
    },
    names: /'error'/,
    first: /'error' on the EventEmitter in the variable db/,
    kinds: ['listeners'],
  },
  'streams not ended': {
    round(i) {
      const { PassThrough } = require('stream');
      const upload = new PassThrough();
      upload.write(`chunk of upload ${i}`);
      kept.streams.set(i, upload);
    },
    names: /PassThrough/,
    first: /PassThrough.*\.streams/,
    kinds: ['map'],
  },
  'requests kept by the server': {
    many: 0.1,
    async setup() {
      kept.requests = [];
      await listen((req, res) => {
        kept.requests.push(req);
        res.end('ok');
      });
    },
    round: (i) => get(`/orders/${i}`),
    names: /IncomingMessage/,
    first: /IncomingMessage|requests/,
  },
  'sockets in a set': {
    many: 0.1,
    async setup() {
      await listen((req, res) => res.end('ok'));
      server.on('connection', (socket) => kept.sockets.add(socket));
    },
    round: (i) => get(`/orders/${i}`),
    names: /Socket/,
    first: /Socket.*sockets/,
    kinds: ['set'],
  },
  'message ports not closed': {
    node: '>=12.17',
    many: 0.2,
    round() {
      const { MessageChannel } = require('worker_threads');
      const { port1, port2 } = new MessageChannel();
      kept.ports.push(port1, port2);
    },
    names: /MessagePort/,
    first: /MessagePort/,
    kinds: ['array'],
  },
  'heads of large buffers': {
    round: (i) => kept.heads.push(Buffer.alloc(20000, i).slice(0, 16)),
    names: /Buffer|heads/,
    first: /heads/,
    kinds: ['buffer'],
  },
  'array buffers': {
    round() {
      kept.images = kept.images || new Map();
      kept.images.set(kept.images.size, new ArrayBuffer(16384));
    },
    names: /ArrayBuffer/,
    first: /images/,
    kinds: ['buffer'],
  },
  'hashes not digested': {
    round(i) {
      kept.hashes.push(require('crypto').createHash('sha256').update(`${i}`));
    },
    names: /Hash/,
    first: /Hash.*hashes/,
    kinds: ['array'],
  },
  'gzip streams not closed': {
    many: 0.2,
    round() {
      kept.zips.push(require('zlib').createGzip());
    },
    // Newer Nodes keep most of it in buffers.
    names: /Gzip|zips/,
    first: /zips/,
    kinds: ['array', 'buffer'],
  },
  'scripts compiled anew': {
    round(i) {
      const vm = require('vm');
      kept.scripts.push(new vm.Script(`function step${i}(a) { return a + ${i}; } step${i}(1)`, { filename: `step${i}.js` }));
    },
    names: /Script/,
    first: /scripts/,
    kinds: ['array'],
  },
  urls: { round: (i) => kept.urls.set(i, new URL(`http://localhost/${i}?q=${i}`)), names: /URL/, first: /URL.*urls/, kinds: ['map'] },
  'subscribers of a diagnostics channel': {
    // Before, nothing keeps a channel that nobody else holds.
    node: '>=18',
    round(i) {
      const channel = require('diagnostics_channel').channel('app:query');
      const query = new Query(i);
      channel.subscribe(function onQuery() {
        return query;
      });
    },
    names: /onQuery/,
    first: /onQuery.*_subscribers/,
  },
  'performance marks': {
    node: '>=16',
    round: (i) => require('perf_hooks').performance.mark(`request ${i}`),
    names: /PerformanceMark/,
    first: /PerformanceMark/,
  },
  'console timers': {
    round: (i) => console.time(`request ${i}`),
    names: /console|_times|kTimers|timers/i,
    first: /console|_times/,
    kinds: ['map'],
  },
  'modules loaded again': {
    setup() {
      kept.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-modules-'));
      kept.file = path.join(kept.folder, 'plugin.js');
      fs.writeFileSync(kept.file, 'module.exports = { settings: Array.from({ length: 20 }, (_, i) => ({ i })) };\n');
    },
    many: 0.5,
    round() {
      delete require.cache[kept.file];
      require(kept.file);
    },
    teardown: () => fs[fs.rmSync ? 'rmSync' : 'rmdirSync'](kept.folder, { recursive: true }),
    names: /Module/,
    first: /modules/,
    kinds: ['module-cache'],
  },
  'modules imported with a query': {
    node: '>=16',
    many: 0.3,
    setup() {
      kept.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-modules-'));
      kept.file = path.join(kept.folder, 'plugin.mjs');
      fs.writeFileSync(kept.file, 'export const settings = Array.from({ length: 20 }, (_, i) => ({ i }));\n');
    },
    round: (i) => import(`file://${kept.file}?v=${i}`),
    teardown: () => fs.rmSync(kept.folder, { recursive: true }),
    names: /Module/,
    first: /odule/,
    kinds: ['module-cache'],
  },
  'calls of a mock': {
    node: '>=18.13',
    setup() {
      kept.send = require('node:test').mock.fn((query) => query.sql);
    },
    round: (i) => kept.send(new Query(i)),
    names: /MockFunctionContext|#calls|calls/,
    first: /calls/,
  },
  'files watched': {
    many: 0.2,
    round: (i) => fs.watchFile(path.join(os.tmpdir(), `leakwatch-none-${i}`), { persistent: false, interval: 1e8 }, () => {}),
    names: /StatWatcher/,
    first: /StatWatcher/,
  },
  'contexts of vm': {
    many: 0.02,
    round(i) {
      kept.tenants = kept.tenants || new Map();
      kept.tenants.set(i, require('vm').createContext({ tenant: i }));
    },
    names: /vm context/,
    first: /tenants/,
    kinds: ['vm-context'],
  },
  'workers messages kept': {
    node: '>=12.17',
    round(i) {
      const { MessageChannel, receiveMessageOnPort } = require('worker_threads');
      kept.channel = kept.channel || new MessageChannel();
      kept.inbox = kept.inbox || [];
      kept.channel.port1.postMessage({ query: i, rows: [1, 2, 3] });
      kept.inbox.push(receiveMessageOnPort(kept.channel.port2).message);
    },
    names: /inbox/,
    first: /inbox/,
    kinds: ['array'],
  },
  'formats kept': {
    many: 0.2,
    round(i) {
      kept.formats = kept.formats || {};
      kept.formats[`user-${i}`] = new Intl.NumberFormat('en', { minimumFractionDigits: i % 3 });
    },
    names: /NumberFormat/,
    first: /formats/,
    kinds: ['dictionary'],
  },
};
