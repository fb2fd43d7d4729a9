'use strict';

// What the language makes easy: keys that are data, functions and objects made of the ones before, and little that keeps much.

class Item {
  constructor(id) {
    this.id = id;
    this.detail = { title: `item ${id}`, tags: [`tag ${id}`, 'x'] };
  }
}

const records = [];
const visits = {};
const tokens = new Map();
const magic = new Map();
const handlers = [];
const kept = {};
let start = function begin() {
  return 1;
};
let lastError = null;
let wrapped = { get: () => 1 };
const totals = [];
const opened = new Map(), closed = [];

class SkipNode {
  constructor(key, levels) {
    this.key = key;
    this.forward = new Array(levels).fill(null);
  }
}
const timeline = new SkipNode(-1, 4);

/** Takes a key in, with one level for each time that it can be halved. */
function insert(key) {
  let levels = 1;
  while (levels < 4 && (key >> (levels - 1)) % 2 === 0) levels++;
  const node = new SkipNode(key, levels);
  let at = timeline;
  for (let level = 3; level >= 0; level--) {
    while (at.forward[level] && at.forward[level].key < key) at = at.forward[level];
    if (level >= levels) continue;
    node.forward[level] = at.forward[level];
    at.forward[level] = node;
  }
}

module.exports = {
  'objects with keys of their own': {
    round: (i) => records.push({ [`order_${i}`]: { total: i } }),
    names: /records/,
    first: /Array in the variable records.*language\.js:12:7\.$/,
    kinds: ['array'],
  },
  'counts by address': {
    many: 10,
    round(i) {
      const address = `10.0.${i >> 8}.${i & 255}`;
      visits[address] = (visits[address] || 0) + 1;
    },
    names: /visits/,
    first: /Object in the variable visits.*language\.js:13:7\.$/,
    kinds: ['closure-variable'],
  },
  'tokens cut from long texts, in objects': {
    round: (i) => tokens.set(i, { token: `${i} ${'b'.repeat(4000)} end`.slice(0, 16) }),
    names: /tokens/,
    first: /objects \{token\}.*Map in the variable tokens.*language\.js:14:7\.$/,
    kinds: ['map'],
  },
  'heads of buffers, in objects': {
    round: (i) => magic.set(i, { magic: Buffer.alloc(20000, i & 255).slice(0, 8) }),
    names: /magic/,
    first: /objects \{magic\}.*Map in the variable magic.*language\.js:15:7\.$/,
    kinds: ['map'],
  },
  'small functions in large scopes': {
    round(i) {
      const body = Buffer.alloc(3000, 1);
      kept.use = () => body.length;
      handlers.push(() => i);
    },
    names: /handlers/,
    first: /anonymous functions.*Array in the variable handlers/,
    kinds: ['array'],
  },
  'functions bound again and again': {
    round: () => void (start = start.bind(null)),
    names: /bound/,
    first: /^A chain of functions bound bound …\(\) grew by \d+ links from the bound bound …\(\) in the variable start/,
    kinds: ['linked-list'],
  },
  'errors that tell the one before': {
    round(i) {
      const error = new Error(`try ${i}`);
      error.cause = lastError;
      lastError = error;
    },
    names: /Error/,
    first: /A chain of Error objects.*lastError.*language\.js:21:5\.$/,
    kinds: ['linked-list'],
  },
  'proxies of proxies': {
    node: '>=16',
    round: () => void (wrapped = new Proxy(wrapped, { get: (target, key) => target[key] })),
    names: /Proxy/,
    first: /A chain of Proxies/,
    kinds: ['linked-list'],
  },
  'large integers': { many: 5, round: (i) => totals.push(BigInt(i) ** 9n + 10n ** 30n), names: /totals/, first: /more bigints.*totals.*language\.js:23:7\.$/, kinds: ['array'] },
  'ports with listeners': {
    many: 0.3,
    round(i) {
      const item = new Item(i);
      const { port1 } = new (require('worker_threads').MessageChannel)();
      port1.on('message', () => item);
      port1.unref();
    },
    names: /MessagePort/,
    first: /MessagePort/,
  },
  'jsdom: listeners on one document': {
    many: 0.5,
    setup() {
      kept.document = new (require('jsdom').JSDOM)('<p>').window.document;
    },
    round(i) {
      const item = new Item(i);
      kept.document.addEventListener('click', function onClick() {
        return item;
      });
    },
    names: /click/,
    first: /listeners for 'click' on/,
    kinds: ['listeners'],
  },
  'a skip list': {
    round: (i) => insert(i),
    names: /SkipNode/,
    first: /A chain of SkipNode objects.*timeline.*language\.js:\d+:\d+\.$/,
    kinds: ['linked-list'],
  },
  'the second declaration of a line': {
    round: (i) => void (opened.size, closed.push([i, `${i}`])),
    names: /closed/,
    first: /more arrays are kept by the Array in the variable closed.*language\.js:24:27\.$/,
    kinds: ['array'],
  },
};
