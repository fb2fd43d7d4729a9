'use strict';

// Leaks by way of well-known packages: the package does what it says, and nobody lets go.

const kept = {};

class Order {
  constructor(id) {
    this.id = id;
    this.lines = [{ article: `article ${id}`, price: id }];
  }
}

/** One request to an express or koa application. */
async function serve(app) {
  const http = require('http');
  const server = http.createServer(app);
  // A client that is slow to come back finds its connection open.
  server.keepAliveTimeout = 0;
  server.unref();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  kept.get = (path) =>
    new Promise((resolve, reject) => {
      http
        .get({ port: server.address().port, host: '127.0.0.1', path, agent }, (response) => {
          response.resume();
          response.on('end', () => setImmediate(resolve));
        })
        .on('error', reject);
    });
}

module.exports = {
  'express: cache by url': {
    many: 0.2,
    setup() {
      const app = require('express')();
      const responses = {};
      app.get('/orders/:id', (req, res) => {
        responses[req.url] = responses[req.url] || { body: new Order(req.params.id), headers: req.headers };
        res.json(responses[req.url].body);
      });
      return serve(app);
    },
    round: (i) => kept.get(`/orders/${i}?page=1`),
    names: /responses|Order/,
    first: /responses/,
    kinds: ['dictionary'],
  },
  'express: a route for each request': {
    many: 0.2,
    setup() {
      kept.app = require('express')();
      kept.app.use((req, res, next) => {
        kept.app.use(`/tenant-${req.query.tenant}`, (request, response) => response.end());
        next();
      });
      kept.app.get('*', (req, res) => res.end());
      return serve(kept.app);
    },
    round: (i) => kept.get(`/?tenant=${i}`),
    names: /Layer/,
    first: /Layer.*stack/,
    kinds: ['array'],
  },
  'lodash: memoize by object': {
    setup() {
      kept.price = require('lodash').memoize((order) => ({ total: order.lines[0].price }));
    },
    round: (i) => kept.price(new Order(i)),
    names: /MapCache|Order|cache/,
    first: /Order|cache|price/,
  },
  'rxjs: subscriptions not ended': {
    setup() {
      kept.prices$ = new (require('rxjs').Subject)();
    },
    round(i) {
      const order = new Order(i);
      kept.prices$.subscribe(() => order);
    },
    names: /Subscriber|observers|Subject/,
    first: /Subscriber.*observers/,
  },
  'mongoose: a model for each tenant': {
    many: 0.05,
    node: '>=12.17',
    setup() {
      kept.mongoose = require('mongoose');
    },
    round(i) {
      kept.mongoose.model(`Order${i}`, new kept.mongoose.Schema({ name: String }));
    },
    names: /models|model|Schema/i,
    first: /models|Mongoose/,
  },
  'ws: connections in a set': {
    many: 0.05,
    async setup() {
      const WebSocket = require('ws');
      kept.server = new WebSocket.Server({ port: 0, host: '127.0.0.1' });
      await new Promise((resolve) => kept.server.on('listening', resolve));
      const clients = new Set();
      kept.server.on('connection', (socket) => clients.add(socket));
    },
    round() {
      const WebSocket = require('ws');
      const socket = new WebSocket(`ws://127.0.0.1:${kept.server.address().port}`);
      return new Promise((resolve) => {
        socket.on('open', () => socket.close());
        socket.on('close', resolve);
      });
    },
    names: /WebSocket|clients/,
    first: /WebSocket.*clients/,
    kinds: ['set'],
  },
  'ajv: compile for each request': {
    many: 0.1,
    setup() {
      kept.ajv = new (require('ajv'))();
    },
    round: (i) => kept.ajv.compile({ type: 'object', properties: { [`field${i}`]: { type: 'number' } } }),
    names: /SchemaEnv|_cache|Ajv/,
    first: /SchemaEnv|_cache/,
    kinds: ['map'],
  },
  'handlebars: templates cached': {
    many: 0.1,
    setup() {
      kept.handlebars = require('handlebars');
      kept.templates = {};
    },
    round(i) {
      kept.templates[`mail-${i}`] = kept.handlebars.compile(`Hello {{name}}, order ${i}`);
      kept.templates[`mail-${i}`]({ name: 'you' });
    },
    names: /templates/,
    first: /templates/,
    kinds: ['dictionary'],
  },
  'nunjucks: templates by text': {
    many: 0.2,
    setup() {
      const nunjucks = require('nunjucks');
      const loader = new (nunjucks.Loader.extend({ getSource: (name) => ({ src: `Hello {{ name }} ${name}`, path: name, noCache: false }) }))();
      kept.environment = new nunjucks.Environment(loader);
    },
    round: (i) => kept.environment.render(`mail-${i}`, { name: 'you' }),
    names: /Template|cache/,
    first: /cache/,
  },
  'node-cache: no time to live': {
    setup() {
      kept.cache = new (require('node-cache'))({ checkperiod: 0, useClones: false });
    },
    round: (i) => kept.cache.set(`order:${i}`, new Order(i)),
    names: /Order|NodeCache|\.data/,
    first: /\.data of NodeCache/,
    kinds: ['dictionary'],
  },
  'winston: a logger for each request': {
    many: 0.1,
    setup() {
      kept.winston = require('winston');
      kept.transport = new kept.winston.transports.Console({ silent: true });
      kept.transport.setMaxListeners(0);
    },
    round: (i) => kept.winston.createLogger({ defaultMeta: { request: i }, transports: [kept.transport] }),
    names: /Logger|Console|transport/,
    first: /Logger|Console|listeners/,
  },
  'pino: children kept': {
    many: 0.5,
    setup() {
      kept.logger = require('pino')({ level: 'silent' });
      kept.loggers = new Map();
    },
    round: (i) => kept.loggers.set(i, kept.logger.child({ request: i, order: `order ${i}` })),
    names: /Pino|loggers/,
    first: /loggers/,
    kinds: ['map'],
  },
  'undici: a pool for each tenant': {
    node: '>=14',
    many: 0.2,
    setup() {
      kept.pools = new Map();
    },
    round: (i) => kept.pools.set(i, new (require('undici').Pool)(`http://tenant-${i}.localhost`)),
    names: /Pool/,
    first: /Pool.*pools/,
    kinds: ['map'],
  },
  'moment: locales defined again': {
    many: 0.5,
    setup() {
      kept.moment = require('moment');
    },
    round: (i) => kept.moment.defineLocale(`x-tenant-${i}`, { months: ['January', `month ${i}`] }),
    names: /Locale|locales/,
    first: /locales/i,
    kinds: ['dictionary'],
  },
  'mobx: reactions not disposed': {
    many: 0.5,
    setup() {
      const { observable } = require('mobx');
      kept.prices = observable({ price: 1 });
    },
    round(i) {
      const order = new Order(i);
      require('mobx').autorun(() => order.total + kept.prices.price);
    },
    names: /Reaction|observers_/,
    first: /Reaction.*observers_/,
    kinds: ['set'],
  },
  'dataloader: one for the whole process': {
    setup() {
      const DataLoader = require('dataloader');
      kept.orders = new DataLoader(async (ids) => ids.map((id) => new Order(id)));
    },
    round: (i) => kept.orders.load(i),
    names: /Order|Promise|_cacheMap|DataLoader/,
    first: /_cacheMap|DataLoader/,
  },
  'ioredis: commands while offline': {
    setup() {
      const Redis = require('ioredis');
      kept.redis = new Redis({ lazyConnect: true, port: 1, retryStrategy: () => null });
      // Connecting for ever: what is sent meanwhile is queued.
      kept.redis.connector.connect = () => new Promise(() => {});
      kept.redis.connect().catch(() => {});
    },
    round: (i) => void kept.redis.set(`order:${i}`, `value ${i}`).catch(() => {}),
    names: /Command|offlineQueue|Denque/,
    first: /offlineQueue|Command/,
  },
  'bluebird: promises that never settle': {
    round(i) {
      const Bluebird = require('bluebird');
      kept.gate = kept.gate || new Bluebird(() => {});
      const order = new Order(i);
      kept.gate.then(() => order);
    },
    names: /gate|Promise/,
    first: /gate/,
  },
  'generic-pool: acquired and not released': {
    setup() {
      const pool = require('generic-pool');
      kept.pool = pool.createPool({ create: async () => ({ client: true }), destroy: async () => {} }, { max: 1 });
    },
    round: () => void kept.pool.acquire(),
    names: /ResourceRequest|_waitingClientsQueue|DoublyLinkedList/,
    first: /ResourceRequest|_waitingClientsQueue/,
  },
  'eventemitter3: listeners': {
    setup() {
      kept.bus = new (require('eventemitter3'))();
    },
    round(i) {
      const order = new Order(i);
      kept.bus.on('order', function onOrder() {
        return order;
      });
    },
    names: /onOrder|EE|'order'/,
    first: /'order'/,
    kinds: ['listeners'],
  },
  'koa: middleware added for each request': {
    many: 0.2,
    setup() {
      const Koa = require('koa');
      kept.koa = new Koa();
      kept.koa.use(async (ctx) => {
        const order = new Order(ctx.url);
        kept.koa.use(async function addOrder() {
          return order;
        });
        ctx.body = 'ok';
      });
      return serve(kept.koa.callback());
    },
    round: (i) => kept.get(`/${i}`),
    names: /middleware|addOrder/,
    first: /addOrder.*middleware/,
    kinds: ['array'],
  },
  'p-queue: paused': {
    setup() {
      const Queue = require('p-queue').default;
      kept.queue = new Queue({ autoStart: false, concurrency: 1 });
    },
    round(i) {
      const order = new Order(i);
      kept.queue.add(() => order);
    },
    names: /PriorityQueue|_queue|PQueue/,
    first: /_queue/,
  },
  'i18next: resources for each tenant': {
    setup() {
      kept.i18n = require('i18next').createInstance();
      return kept.i18n.init({ lng: 'en', resources: { en: { translation: {} } } });
    },
    round: (i) => kept.i18n.addResource('en', 'translation', `tenant-${i}`, `Hello tenant ${i}, welcome`),
    names: /translation|ResourceStore/,
    first: /translation/,
    kinds: ['dictionary'],
  },
  'async: a queue that is never worked off': {
    setup() {
      kept.async = require('async');
      kept.work = kept.async.queue(() => {}, 1);
    },
    round: (i) => void kept.work.push(new Order(i), () => {}),
    names: /Order|_tasks|DLL/,
    first: /Order|_tasks/,
  },
};
