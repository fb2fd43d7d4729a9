'use strict';

// Packages of services, used in the ways their trackers warn of.

const kept = {};

class Account {
  constructor(id) {
    this.id = id;
    this.owner = { name: `owner ${id}`, since: [2000, id] };
  }
}

module.exports = {
  'pug: compiled for each file': {
    many: 0.1,
    setup: () => (kept.pug = require('pug')),
    round: (i) => kept.pug.render(`p Hello #{name}, account ${i}`, { cache: true, filename: `mail-${i}.pug`, name: 'you' }),
    names: /cache|pug|template/,
    first: /cache/,
    kinds: ['dictionary'],
  },
  'ejs: compiled for each file': {
    many: 0.1,
    setup: () => (kept.ejs = require('ejs')),
    round: (i) => kept.ejs.render(`Hello <%= name %>, account ${i}`, { name: 'you' }, { cache: true, filename: `mail-${i}.ejs` }),
    names: /_data|cache|anonymous/,
    first: /_data|cache/,
  },
  'mustache: templates by text': {
    many: 0.5,
    setup: () => (kept.mustache = require('mustache')),
    round: (i) => kept.mustache.render(`Hello {{name}}, account ${i}`, { name: 'you' }),
    names: /_cache|Writer|templateCache/,
    first: /_cache/,
    kinds: ['dictionary'],
  },
  'axios: an interceptor for each request': {
    setup: () => (kept.axios = require('axios').create()),
    round(i) {
      const account = new Account(i);
      kept.axios.interceptors.request.use(function sign(config) {
        return account && config;
      });
    },
    names: /handlers|sign|InterceptorManager/,
    first: /handlers of InterceptorManager/,
    kinds: ['array'],
  },
  'express-session: sessions in memory': {
    setup() {
      const { MemoryStore } = require('express-session');
      kept.store = new MemoryStore();
    },
    round: (i) => new Promise((resolve) => kept.store.set(`session ${i}`, { cookie: {}, account: new Account(i) }, resolve)),
    names: /sessions/,
    first: /sessions of MemoryStore/,
    kinds: ['dictionary'],
  },
  'socket.io: rooms joined': {
    node: '>=12.17',
    setup: () => (kept.adapter = new (require('socket.io').Server)().of('/').adapter),
    round: (i) => void kept.adapter.addAll(`socket ${i}`, new Set([`room ${i}`])),
    names: /rooms|sids/,
    first: /(rooms|sids) of/,
    kinds: ['map'],
  },
  'pg: queries before the connection': {
    setup: () => (kept.pg = new (require('pg').Client)({ host: '127.0.0.1' })),
    round: (i) => void kept.pg.query('select $1', [i], () => {}),
    names: /[qQ]uery/,
    first: /Query.*Queue/i,
  },
  'knex: a pool for each tenant': {
    many: 0.1,
    setup: () => (kept.databases = {}),
    round: (i) => (kept.databases[`tenant ${i}`] = require('knex')({ client: 'pg', connection: { host: '127.0.0.1' } })),
    names: /databases/,
    first: /databases/,
    kinds: ['dictionary'],
  },
  'redux: subscribers not removed': {
    setup: () => (kept.store = require('redux').createStore((state = 0) => state)),
    round(i) {
      const account = new Account(i);
      kept.store.subscribe(function refresh() {
        return account;
      });
    },
    names: /refresh|[lL]isteners/,
    first: /refresh.*[lL]isteners/,
  },
  'vue: watchers of a shared state': {
    many: 0.5,
    node: '>=14',
    setup() {
      kept.vue = require('vue');
      kept.state = kept.vue.reactive({ user: null });
    },
    round(i) {
      const account = new Account(i);
      kept.vue.watch(() => kept.state.user, () => account);
    },
    names: /ReactiveEffect|Link|Dep|watch/i,
    first: /ReactiveEffect|Link|Dep/,
  },
  'vue: pages kept by address': {
    many: 0.1,
    node: '>=14',
    setup() {
      kept.vue = require('vue');
      kept.render = require('@vue/server-renderer').renderToString;
      kept.pages = new Map();
    },
    async round(i) {
      const app = kept.vue.createSSRApp({ data: () => ({ id: i }), render() { return kept.vue.h('p', `page ${this.id}`); } });
      kept.pages.set(`/page/${i}`, { app, html: await kept.render(app) });
    },
    names: /pages/,
    first: /pages/,
    kinds: ['map'],
  },
  'react: elements kept by address': {
    many: 0.5,
    setup() {
      kept.react = require('react');
      kept.render = require('react-dom/server').renderToString;
      kept.elements = {};
    },
    round(i) {
      const element = kept.react.createElement('p', { account: `${i}`, title: `page ${i}` }, `page ${i}`);
      kept.elements[`/page/${i}`] = { element, html: kept.render(element) };
    },
    names: /elements/,
    first: /elements/,
    kinds: ['dictionary'],
  },
  'node-cron: tasks not stopped': {
    many: 0.2,
    setup: () => (kept.cron = require('node-cron')),
    round(i) {
      const account = new Account(i);
      kept.cron.schedule('0 0 1 1 *', () => account, { scheduled: false });
    },
    names: /ScheduledTask|InlineScheduledTask|tasks|scheduledTasks/i,
    first: /Task|tasks/,
  },
  'node-schedule: jobs not cancelled': {
    many: 0.2,
    setup: () => (kept.schedule = require('node-schedule')),
    round: (i) => void kept.schedule.scheduleJob(`job ${i}`, new Date(2100, 1, 1), () => i),
    names: /scheduledJobs|Job|Invocation/,
    first: /scheduledJobs|Job|invocations|Invocation/i,
  },
  'lru-cache: sizes that are nothing': {
    setup: () => (kept.cache = new (require('lru-cache'))({ max: 100, length: () => 0 })),
    round: (i) => kept.cache.set(`account ${i}`, new Account(i)),
    names: /Entry|Account|Node/,
    first: /Entry|Node|Account/,
  },
  'bunyan: children kept': {
    many: 0.5,
    setup() {
      kept.bunyan = require('bunyan').createLogger({ name: 'app', streams: [] });
      kept.children = [];
    },
    round: (i) => kept.children.push(kept.bunyan.child({ account: new Account(i) })),
    names: /Logger|children/,
    first: /Logger.*children/,
    kinds: ['array'],
  },
  'debug: a name for each account': {
    setup: () => (kept.debug = require('debug')),
    round: (i) => void kept.debug(`app:account:${i}`),
    names: /instances|debug/,
    first: /instances/,
    kinds: ['array'],
  },
  'sinon: a spy that is never reset': {
    many: 0.2,
    setup: () => (kept.spy = require('sinon').fake()),
    round: (i) => kept.spy(new Account(i)),
    names: /args|calls|thisValues|errorsWithCallStack|exceptions|returnValues|proxy|fake/,
    first: /args|errorsWithCallStack|calls|Values/,
  },
  'prom-client: a label for each account': {
    setup() {
      const { Counter } = require('prom-client');
      kept.counter = new Counter({ name: 'requests_total', help: 'requests', labelNames: ['account'] });
    },
    round: (i) => kept.counter.inc({ account: `account ${i}` }),
    names: /hashMap|Counter/,
    first: /hashMap of Counter/,
    kinds: ['dictionary'],
  },
  'jsdom: windows not closed': {
    many: 0.02,
    setup() {
      kept.JSDOM = require('jsdom').JSDOM;
      kept.windows = [];
    },
    round: (i) => kept.windows.push(new kept.JSDOM(`<p>page ${i}</p>`).window),
    names: /windows|Window/,
    first: /windows|Window/,
  },
  'cls-hooked: contexts of sockets that stay': {
    many: 0.5,
    setup() {
      kept.namespace = require('cls-hooked').createNamespace('app');
      kept.resources = [];
    },
    round(i) {
      const { AsyncResource } = require('async_hooks');
      kept.namespace.run(() => {
        kept.namespace.set('account', new Account(i));
        kept.resources.push(new AsyncResource('PooledSocket'));
      });
    },
    names: /_contexts|Namespace/,
    first: /_contexts of Namespace/,
    kinds: ['map'],
  },
  'memoizee: without a limit': {
    setup: () => (kept.load = require('memoizee')((id) => new Account(id), { primitive: true })),
    round: (i) => kept.load(i),
    names: /Account|cache/,
    first: /cache/,
  },
  'tough-cookie: one jar for everybody': {
    many: 0.5,
    setup: () => (kept.jar = new (require('tough-cookie').CookieJar)()),
    round: (i) => void kept.jar.setCookieSync(`session=${i}`, `http://shop-${i}.example.org/`),
    names: /Cookie|idx/,
    first: /idx|Cookie/,
  },
  'eventemitter2: listeners': {
    setup() {
      const { EventEmitter2 } = require('eventemitter2');
      kept.bus = new EventEmitter2({ maxListeners: 0 });
    },
    round(i) {
      const account = new Account(i);
      kept.bus.on('account', function onAccount() {
        return account;
      });
    },
    names: /onAccount/,
    first: /'account' on/,
    kinds: ['listeners'],
  },
  'xstate: machines started and not stopped': {
    many: 0.1,
    setup() {
      const { createMachine, interpret } = require('xstate');
      kept.interpret = interpret;
      kept.machine = createMachine({ id: 'order', initial: 'open', predictableActionArguments: true, states: { open: {} } });
      kept.services = new Set();
    },
    round: () => kept.services.add(kept.interpret(kept.machine).start()),
    names: /Interpreter|services/,
    first: /Interpreter|services/,
  },
  'query-core: answers that never grow old': {
    many: 0.2,
    setup() {
      const { QueryClient } = require('@tanstack/query-core');
      kept.queries = new QueryClient({ defaultOptions: { queries: { cacheTime: Infinity } } });
    },
    round: (i) => kept.queries.fetchQuery(['account', i], async () => new Account(i)),
    names: /Query/,
    first: /Query/,
  },
  'nock: interceptors that are not used': {
    many: 0.1,
    setup: () => (kept.nock = require('nock')),
    round: (i) => void kept.nock('http://api.example.org').get(`/account/${i}`).reply(200, { account: i }),
    names: /Interceptor|Scope/,
    first: /Interceptor|interceptors|Scope/,
  },
  'immer: every state for undo': {
    setup() {
      kept.immer = require('immer');
      kept.states = [kept.immer.produce({ accounts: {}, count: 0 }, () => {})];
    },
    round(i) {
      const last = kept.states[kept.states.length - 1];
      kept.states.push(kept.immer.produce(last, (draft) => {
        draft.count = i;
        draft.last = { id: i, name: `account ${i}` };
      }));
    },
    names: /states/,
    first: /states/,
    kinds: ['array'],
  },
  'async-lock: one holder that never lets go': {
    setup() {
      kept.lock = new (require('async-lock'))({ maxPending: Infinity });
      kept.lock.acquire('accounts', () => new Promise(() => {}));
    },
    round(i) {
      const account = new Account(i);
      kept.lock.acquire('accounts', () => account);
    },
    names: /queues|AsyncLock/,
    first: /queues|AsyncLock/,
  },
  'graphql: documents by text': {
    many: 0.5,
    setup() {
      kept.graphql = require('graphql');
      kept.documents = new Map();
    },
    round(i) {
      const text = `{ account(id: ${i}) { name } }`;
      kept.documents.set(text, kept.graphql.parse(text));
    },
    names: /documents/,
    first: /documents/,
    kinds: ['map'],
  },
  'express-rate-limit: keys by address': {
    setup() {
      // Its store forgets once in a window.
      kept.limit = require('express-rate-limit')({ windowMs: 2e9, max: 1e9, keyGenerator: (request) => request.address });
      kept.response = { setHeader() {}, headersSent: true };
    },
    round: (i) => new Promise((resolve) => kept.limit({ address: `10.0.${i >> 8}.${i & 255}`, app: { get() {} } }, kept.response, resolve)),
    names: /hits|MemoryStore|resetTime/,
    first: /hits|MemoryStore/,
  },
};
