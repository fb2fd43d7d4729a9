'use strict';

// What waits: promises, async functions, stores and signals that outlive the work.

const { EventEmitter } = require('events');

const never = new Promise(() => {});
const pendingReplies = new Map();
const shutdown = new Promise(() => {});
const streams = [];
const bus = new EventEmitter().setMaxListeners(0);
const states = {};
const resources = new Map();

class Request {
  constructor(id) {
    this.id = id;
    this.headers = { host: 'localhost', cookie: `session=${id}` };
  }
}

module.exports = {
  'race with a promise that never settles': {
    round(i) {
      return Promise.race([never, Promise.resolve(new Request(i))]);
    },
    names: /never|PromiseReaction|Promise/,
    first: /never/,
    kinds: ['promise-chain', 'pending-promise'],
  },
  'replies that never come': {
    round(i) {
      (async function callService(request) {
        await new Promise((resolve) => pendingReplies.set(request.id, resolve));
        return request;
      })(new Request(i));
    },
    names: /pendingReplies|callService/,
    first: /pendingReplies|callService/,
  },
  'then on one pending promise': {
    round(i) {
      const request = new Request(i);
      shutdown.then(function closeRequest() {
        return request;
      });
    },
    names: /shutdown|closeRequest/,
    first: /shutdown/,
  },
  'async generators not finished': {
    async round(i) {
      const rows = (async function* readRows() {
        const request = new Request(i);
        yield request;
        yield request;
      })();
      await rows.next();
      streams.push(rows);
    },
    names: /readRows|streams/,
    first: /streams/,
    kinds: ['async-generator'],
  },
  'events awaited in vain': {
    round(i) {
      (async function waitForReady(request) {
        await EventEmitter.once(bus, 'ready');
        return request;
      })(new Request(i));
    },
    node: '>=12.16',
    names: /ready|waitForReady/,
    // `once` listens for both.
    first: /'(ready|error)'/,
    kinds: ['listeners'],
  },
  'async hook without destroy': {
    setup() {
      require('async_hooks')
        .createHook({ init: (id, type) => resources.set(id, { type, started: new Date(id) }) })
        .enable();
    },
    round: () => new Promise((resolve) => setImmediate(resolve)),
    names: /resources/,
    first: /resources/,
    kinds: ['map'],
  },
  'store kept by a resource': {
    node: '>=14',
    setup() {
      const { AsyncLocalStorage } = require('async_hooks');
      states.storage = new AsyncLocalStorage();
      states.sockets = [];
    },
    round(i) {
      const { AsyncResource } = require('async_hooks');
      states.storage.run(new Request(i), () => states.sockets.push(new AsyncResource('PooledSocket')));
    },
    names: /AsyncResource|Request|AsyncLocalStorage/,
    first: /AsyncResource|AsyncLocalStorage/,
    kinds: ['async-local-storage', 'array'],
  },
  'listeners of one signal': {
    node: '>=15',
    round(i) {
      states.controller = states.controller || new globalThis.AbortController();
      const request = new Request(i);
      states.controller.signal.addEventListener('abort', function cancelRequest() {
        return request;
      });
    },
    names: /cancelRequest|AbortSignal/,
    first: /AbortSignal/,
    kinds: ['abort-listeners'],
  },
  'signals derived from one': {
    node: '>=20.3',
    round() {
      states.root = states.root || new globalThis.AbortController();
      globalThis.AbortSignal.any([states.root.signal]).addEventListener('abort', () => {});
    },
    names: /AbortSignal/,
    first: /AbortSignal/,
  },
  'timers with one signal': {
    node: '>=16',
    round() {
      states.stop = states.stop || new globalThis.AbortController();
      require('timers/promises').setTimeout(1e9, null, { signal: states.stop.signal, ref: false }).catch(() => {});
    },
    names: /Timeout|AbortSignal/,
    first: /timers/,
  },
  'listeners of an event target': {
    node: '>=15',
    round(i) {
      states.target = states.target || new globalThis.EventTarget();
      const request = new Request(i);
      states.target.addEventListener('change', function onChange() {
        return request;
      });
    },
    names: /onChange/,
    first: /'change'/,
    kinds: ['listeners'],
  },
  'registry that holds values': {
    node: '>=14.6',
    round(i) {
      states.registry = states.registry || new globalThis.FinalizationRegistry(() => {});
      states.targets = states.targets || [];
      const target = {};
      states.targets.push(target);
      states.registry.register(target, new Request(i));
    },
    names: /FinalizationRegistry|Request/,
    first: /FinalizationRegistry|targets/,
  },
  'intervals not cleared': {
    round(i) {
      const request = new Request(i);
      setInterval(function poll() {
        return request;
      }, 1e9).unref();
    },
    names: /Timeout|poll/,
    first: /timers/,
    kinds: ['timer'],
  },
  'immediate promises chained': {
    setup() {
      states.tail = Promise.resolve();
      states.all = Promise.resolve();
    },
    round(i) {
      const request = new Request(i);
      // Each step waits for the gate, and the gate for nobody.
      states.tail = states.tail.then(() => never).then(() => request);
    },
    names: /Promise|Request|never/,
    first: /romise/,
    kinds: ['promise-chain', 'pending-promise'],
  },
};
