'use strict';

// More of Node's own objects, and of the language's, as trackers tell of them.

const { EventEmitter } = require('events');

const kept = {};

class Visitor {
  constructor(id) {
    this.id = id;
    this.agent = { name: `browser ${id}`, languages: ['en', `x-${id}`] };
  }
}

class Poller {
  constructor(id) {
    this.visitor = new Visitor(id);
    this.timer = setInterval(() => this.poll(), 1e9);
    this.timer.unref();
  }

  poll() {
    return this.visitor;
  }
}

const shared = new EventEmitter().setMaxListeners(0);
const seenBy = new Map();
const rooms = new Map();
const classes = {};
const compiled = new Map();
const replies = {};
const tails = [];

module.exports = {
  'events awaited one by one': {
    node: '>=13.6',
    round(i) {
      const visitor = new Visitor(i);
      const rows = EventEmitter.on(shared, 'row');
      rows.next().then(() => visitor);
    },
    names: /'row'|eventHandler/,
    first: /'(row|error)' on the EventEmitter in the variable shared/,
    kinds: ['listeners'],
  },
  'intervals of a class': { round: (i) => void new Poller(i), names: /Timeout|Poller/, first: /timers were set/, kinds: ['timer'] },
  'a timeout of a week for each visitor': {
    round(i) {
      const visitor = new Visitor(i);
      setTimeout(function forget() {
        return visitor;
      }, 6e8).unref();
    },
    names: /Timeout|forget/,
    first: /timers were set/,
    kinds: ['timer'],
  },
  'handlers of uncaught exceptions': {
    setup: () => process.setMaxListeners(0),
    round(i) {
      const visitor = new Visitor(i);
      process.on('uncaughtException', function report() {
        return visitor;
      });
    },
    names: /report|'uncaughtException'/,
    first: /'uncaughtException' on the process/,
    kinds: ['listeners'],
  },
  'requests queued by an agent': {
    many: 0.2,
    async setup() {
      const http = require('http');
      // Nobody is ever answered.
      const server = http.createServer(() => {});
      server.unref();
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      kept.http = http;
      kept.agent = new http.Agent({ maxSockets: 1 });
      kept.port = server.address().port;
    },
    round: (i) => void kept.http.get({ port: kept.port, host: '127.0.0.1', path: `/${i}`, agent: kept.agent }).on('error', () => {}),
    names: /ClientRequest/,
    first: /ClientRequest.*(requests|Agent)/,
  },
  'responses of an event stream not let go': {
    many: 0.1,
    async setup() {
      const http = require('http');
      kept.clients = [];
      const server = http.createServer((request, response) => {
        kept.clients.push(response);
        response.end();
      });
      server.unref();
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      kept.port = server.address().port;
    },
    round: () =>
      new Promise((resolve, reject) => {
        require('http')
          .get({ port: kept.port, host: '127.0.0.1', agent: false }, (response) => response.resume().on('end', resolve))
          .on('error', reject);
      }),
    names: /ServerResponse|clients/,
    first: /(ServerResponse|IncomingMessage|Socket).*clients/,
  },
  'streams piped into one that stays': {
    many: 0.5,
    setup() {
      const { PassThrough } = require('stream');
      kept.PassThrough = PassThrough;
      kept.log = new PassThrough().setMaxListeners(0).resume();
    },
    round: (i) => void new kept.PassThrough().pipe(kept.log, { end: false }).listenerCount(`${i}`),
    names: /'(unpipe|drain|error|close|finish)' on the PassThrough/,
    first: /on the PassThrough in \.log/,
    kinds: ['listeners'],
  },
  'objects pushed to a stream nobody reads': {
    setup() {
      const { Readable } = require('stream');
      kept.source = new Readable({ objectMode: true, read() {} });
    },
    round: (i) => void kept.source.push(new Visitor(i)),
    names: /Visitor|ReadableState|BufferList/,
    first: /Visitor|ReadableState|BufferList/,
  },
  'writes to a stream that is stuck': {
    setup() {
      const { Writable } = require('stream');
      kept.sink = new Writable({ objectMode: true, write() {} });
    },
    round: (i) => void kept.sink.write(new Visitor(i)),
    names: /WritableState|Visitor|buffered/,
    first: /WritableState|Visitor|chunk/,
  },
  'lines read from one input': {
    many: 0.2,
    setup() {
      const { PassThrough } = require('stream');
      kept.input = new PassThrough().setMaxListeners(0);
    },
    round: () => void require('readline').createInterface({ input: kept.input }),
    names: /on the PassThrough|Interface/,
    first: /on the PassThrough in \.input/,
    kinds: ['listeners'],
  },
  'servers never closed': {
    many: 0.1,
    round() {
      const server = require('net').createServer();
      return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve)).then(() => server.unref());
    },
    names: /Server|TCP/,
    first: /Server|TCP/,
  },
  'sockets bound and not closed': {
    many: 0.1,
    round() {
      const socket = require('dgram').createSocket('udp4');
      return new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve)).then(() => socket.unref());
    },
    names: /Socket|UDP/,
    first: /Socket|UDP/,
  },
  'secure contexts kept': {
    many: 0.2,
    setup: () => (kept.contexts = new Map()),
    round: (i) => kept.contexts.set(`tenant ${i}`, require('tls').createSecureContext()),
    names: /SecureContext|contexts/,
    first: /contexts/,
    kinds: ['map'],
  },
  'domains kept by intervals': {
    many: 0.5,
    round(i) {
      const domain = require('domain').create();
      domain.visitor = new Visitor(i);
      domain.run(() => setInterval(() => {}, 1e9).unref());
    },
    names: /Timeout|Domain/,
    first: /timer|Domain/,
  },
  'observers of performance': {
    node: '>=16',
    round(i) {
      const visitor = new Visitor(i);
      const { PerformanceObserver } = require('perf_hooks');
      new PerformanceObserver(() => visitor).observe({ entryTypes: ['measure'] });
    },
    names: /PerformanceObserver/,
    first: /PerformanceObserver/,
    kinds: ['set'],
  },
  'parts of the pool of buffers': {
    round(i) {
      tails.push(Buffer.from(`token ${i}`));
      // What else is read fills up the pool.
      for (let n = 0; n < 20; n++) Buffer.from(`body ${n} ${'z'.repeat(200)}`);
    },
    names: /Buffer|tails/,
    first: /Buffer.*tails|tails/,
    kinds: ['buffer', 'array'],
  },
  'keys of a map': { round: (i) => seenBy.set(new Visitor(i), true), names: /Visitor/, first: /Visitor.*seenBy/, kinds: ['map'] },
  'a set for each room': {
    round(i) {
      const room = `room ${i % 25}`;
      if (!rooms.has(room)) rooms.set(room, new Set());
      rooms.get(room).add(new Visitor(i));
    },
    names: /Visitor/,
    first: /Visitor.*rooms/,
  },
  'classes made for each tenant': {
    round(i) {
      classes[`Tenant${i}`] = class extends Visitor {
        greet() {
          return i;
        }
      };
    },
    names: /classes/,
    first: /classes/,
    kinds: ['dictionary'],
  },
  'functions compiled from text': {
    many: 0.5,
    round(i) {
      const rule = new Function('visitor', `return visitor.id === ${i}`);
      rule({ id: i });
      compiled.set(`rule ${i}`, rule);
    },
    names: /compiled/,
    first: /compiled/,
    kinds: ['map'],
  },
  'answers parsed and kept by address': {
    round(i) {
      replies[`https://localhost/items/${i}?locale=en`] = JSON.parse(`{"item":{"id":${i},"tags":["a","b${i}"]}}`);
    },
    names: /Object \{item\}|replies/,
    first: /replies/,
    kinds: ['dictionary'],
  },
  'globals by name': {
    round: (i) => (globalThis[`visitor_${i}`] = new Visitor(i)),
    names: /Visitor/,
    first: /Visitor.*global/,
    kinds: ['dictionary'],
  },
  'clones kept': {
    node: '>=17',
    setup: () => (kept.clones = []),
    round: (i) => kept.clones.push(globalThis.structuredClone({ visitor: i, at: { page: `/${i}` } })),
    names: /clones/,
    first: /clones/,
    kinds: ['array'],
  },
  'memories of WebAssembly': {
    many: 0.1,
    setup: () => (kept.modules = []),
    round: () => kept.modules.push(new globalThis.WebAssembly.Memory({ initial: 1 })),
    names: /Memory|modules/,
    first: /modules/,
  },
  'events that nobody takes': {
    node: '>=12.16',
    setup() {
      const { EventEmitter, on } = require('events');
      kept.feed = new EventEmitter();
      kept.events = on(kept.feed, 'visit');
    },
    round: (i) => void kept.feed.emit('visit', new Visitor(i)),
    names: /Visitor/,
    first: /more arrays, each with a Visitor, are kept by/,
  },
  'messages that nobody takes': {
    many: 3,
    // What is under way is no part of older snapshots.
    node: '>=18',
    setup() {
      kept.channel = new (require('worker_threads').MessageChannel)();
    },
    round: (i) => kept.channel.port1.postMessage({ actor: `user ${i}`, fields: [i, i] }),
    names: /MessagePort|Message/,
    first: /more native Message objects are kept by Node's incoming_messages of the MessagePort/,
  },
};
