'use strict';

// What people write by themselves: caches, registries, lists and closures that are only ever added to.

class Session {
  constructor(id) {
    this.id = id;
    this.user = { name: `user ${id}`, roles: ['reader', `team-${id}`] };
  }
}

class Registry {
  #entries = new Map();
  add(id) {
    this.#entries.set(id, new Session(id));
  }
}
const registry = new Registry();

const eventsByTenant = new Map();

class Job {
  constructor(id) {
    this.payload = `job ${id} ${'x'.repeat(40)}`;
    this.next = null;
  }
}
class JobQueue {
  constructor() {
    this.head = null;
    this.tail = null;
  }
  push(job) {
    if (this.tail) this.tail.next = job;
    else this.head = job;
    this.tail = job;
  }
}
const jobs = new JobQueue();

const shutdownHooks = [];
const request = { bag: {} };
const failures = [];
const compiledPatterns = Object.create(null);

class TrieNode {
  constructor() {
    this.children = new Map();
    this.word = null;
  }
}
const dictionary = new TrieNode();

class LruEntry {
  constructor(key, before) {
    this.key = key;
    this.value = { body: `body of ${key}` };
    this.before = before;
    this.after = null;
    if (before) before.after = this;
  }
}
const lru = { index: new Map(), newest: null };

const weakSubscribers = new Set();
const text = { log: '' };
const visitsByUser = {};
const latencies = [];
const samples = { buffer: new Float64Array(16), length: 0 };

function memoize(compute) {
  const results = {};
  return function memoized(key) {
    if (!(key in results)) results[key] = compute(key);
    return results[key];
  };
}
const render = memoize((key) => ({ html: `<p>${key}</p>`, at: [key] }));

class Connection {
  constructor(id) {
    this.id = id;
    this.state = { open: true };
    Connection.all.push(this);
  }
}
Connection.all = [];

const proxies = new Map();
const grid = [];
const callbacks = [];
const unfinished = [];
const tags = new Set();
const heads = [];

module.exports = {
  // Node 12 does not tell a private field's name.
  'private field': { round: (i) => registry.add(i), names: /Session/, first: /Map in (\.#entries|\.<symbol>|\[.*) ?of Registry/ },
  'map of maps of arrays': {
    round(i) {
      const tenant = `tenant ${i % 5}`;
      if (!eventsByTenant.has(tenant)) eventsByTenant.set(tenant, new Map());
      const users = eventsByTenant.get(tenant);
      const user = `user ${i % 60}`;
      if (!users.has(user)) users.set(user, []);
      users.get(user).push({ event: 'click', at: i });
    },
    names: /Object \{event\}/,
    first: /eventsByTenant/,
  },
  'linked queue': { round: (i) => jobs.push(new Job(i)), names: /Job/, first: /Job/, kinds: ['linked-list'] },
  'array of closures': {
    round(i) {
      const session = new Session(i);
      shutdownHooks.push(function onShutdown() {
        return session.id;
      });
    },
    names: /onShutdown/,
    first: /shutdownHooks/,
    kinds: ['array'],
  },
  'symbol keys': { round: (i) => (request.bag[Symbol(`trace ${i}`)] = new Session(i)), names: /Session/, first: /Session.*bag/, kinds: ['dictionary'] },
  'errors kept': {
    round(i) {
      const error = new Error(`request ${i} failed`);
      error.request = { url: `/orders/${i}` };
      failures.push(error);
    },
    names: /Error/,
    first: /failures/,
    kinds: ['array'],
  },
  'regular expressions': {
    round(i) {
      compiledPatterns[`rule-${i}`] = new RegExp(`^/api/${i}/(\\w+)$`);
      compiledPatterns[`rule-${i}`].exec(`/api/${i}/x`);
    },
    names: /RegExp|compiledPatterns/,
    first: /compiledPatterns/,
    kinds: ['dictionary'],
  },
  trie: {
    round(i) {
      let at = dictionary;
      for (const letter of (i * 7919).toString(26)) {
        if (!at.children.has(letter)) at.children.set(letter, new TrieNode());
        at = at.children.get(letter);
      }
      at.word = `word ${i}`;
    },
    names: /TrieNode/,
    first: /TrieNode/,
  },
  'cache of linked entries': {
    round(i) {
      lru.newest = new LruEntry(`key ${i}`, lru.newest);
      lru.index.set(lru.newest.key, lru.newest);
    },
    names: /LruEntry/,
    first: /LruEntry/,
  },
  'weak references kept': {
    node: '>=14.6',
    round: (i) => weakSubscribers.add(new globalThis.WeakRef({ subscriber: i })),
    names: /WeakRef/,
    first: /weakSubscribers/,
    kinds: ['set'],
  },
  'rope of text': { round: (i) => (text.log += `line ${i} of the log that is never flushed\n`), names: /string/, first: /\.log/ },
  'arrays per user': {
    round(i) {
      const user = `user-${i % 40}`;
      visitsByUser[user] = visitsByUser[user] || [];
      visitsByUser[user].push({ page: `/p/${i}` });
    },
    names: /Object \{page\}/,
    first: /visitsByUser/,
  },
  'numbers in one array': { many: 20, round: () => latencies.push(Math.random()), names: /latencies/, first: /latencies/, kinds: ['array'] },
  'typed array that doubles': {
    many: 40,
    round(i) {
      if (samples.length === samples.buffer.length) {
        const bigger = new Float64Array(samples.buffer.length * 2);
        bigger.set(samples.buffer);
        samples.buffer = bigger;
      }
      samples.buffer[samples.length++] = i;
    },
    names: /samples|Float64Array/,
    first: /Float64Array/,
    kinds: ['buffer'],
  },
  'memoized without bound': { round: (i) => render(`page ${i}`), names: /results/, first: /results/, kinds: ['dictionary', 'closure-variable'] },
  'static list': { round: (i) => new Connection(i), names: /Connection/, first: /Connection.*\.all of Connection/, kinds: ['array'] },
  'proxies in a map': {
    round: (i) => proxies.set(i, new Proxy({ row: i, cells: [i] }, { get: (target, key) => target[key] })),
    names: /Proxy|proxies/,
    first: /proxies/,
    kinds: ['map'],
  },
  'rows of a table': { round: (i) => grid.push([i, `cell ${i}`, null]), names: /grid/, first: /grid/, kinds: ['array'] },
  'bound functions': {
    round(i) {
      const session = new Session(i);
      callbacks.push(session.constructor.prototype.toString.bind(session));
    },
    names: /callbacks/,
    first: /callbacks/,
    kinds: ['array'],
  },
  'global variable': {
    round(i) {
      globalThis.auditTrail = globalThis.auditTrail || [];
      globalThis.auditTrail.push({ actor: `user ${i}`, action: 'login' });
    },
    names: /auditTrail/,
    first: /auditTrail/,
    kinds: ['array'],
  },
  'generators not finished': {
    round(i) {
      const pages = (function* listPages() {
        yield `page ${i}`;
        yield 'more';
      })();
      pages.next();
      unfinished.push(pages);
    },
    names: /listPages|unfinished/,
    first: /unfinished/,
    kinds: ['generator'],
  },
  'object by number': {
    round(i) {
      text.byNumber = text.byNumber || {};
      text.byNumber[1000 + i * 3] = new Session(i);
    },
    names: /Session/,
    first: /Session.*\.byNumber/,
    kinds: ['dictionary'],
  },
  'slices of long texts': {
    round: (i) => heads.push(`header ${i} ${'y'.repeat(4000)}`.slice(0, 20)),
    names: /slice/,
    first: /slices in the Array in the variable heads keep the long strings/,
    kinds: ['sliced-string'],
  },
  'strings in a set': { round: (i) => tags.add(`tag-${i}-${i * 31}`), names: /tags/, first: /tags/, kinds: ['set'] },
};
