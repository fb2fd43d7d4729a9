'use strict';
// Two snapshots of one process with a bit of everything that a heap can hold, the second after some of it came and went:
// `node heap.js FIRST SECOND`, on any Node.

const { EventEmitter } = require('events');
const vm = require('vm');
const leakwatch = require('../..');

class Session {
  constructor(id) {
    this.id = id;
    this.tags = [`tag ${id}`, { id }];
    this.touched = () => this.tags.length;
  }
}
class Admin extends Session {
  get name() {
    return `admin ${this.id}`;
  }
}

const held = [];
const weak = new WeakMap();

function fill(count) {
  const emitter = new EventEmitter().setMaxListeners(0);
  const sessions = new Map();
  for (let i = 0; i < count; i++) {
    const session = i % 3 ? new Session(i) : new Admin(i);
    sessions.set(i % 2 ? session : `key ${i}`, session);
    weak.set(session, { session, bytes: Buffer.alloc(i % 7 === 0 ? 10000 : 10) });
    emitter.on(`event ${i % 5}`, function listener() {
      return session;
    });
  }
  const dictionary = Object.create(null);
  for (let i = 0; i < count; i++) dictionary[`property ${i}`] = i % 2 ? i * 0.5 : Symbol(`symbol ${i}`);
  delete dictionary['property 0'];
  let chain = Promise.resolve(count);
  for (let i = 0; i < count; i++) chain = chain.then((value) => value + i);
  const long = 'abcdefghij'.repeat(5000);
  const strings = Array.from({ length: count }, (_, i) => [long.slice(i, i + 500), `${long.slice(0, 20)}${i}${long.slice(0, 20)}`]);
  const arrays = [new Float64Array(count), new Uint8Array(new ArrayBuffer(100000), 10, 20), new Array(count), Object.assign([], { 0: 1, 90: 'x' })];
  const iterators = [sessions.entries(), (function* () { yield sessions; })(), (async function* () { yield sessions; })()];
  const others = [/x+/g, new Error('kept'), new Proxy(dictionary, {}), new Date(), new Set(strings.map(([slice]) => slice)), 12345678901234567890n];
  const context = vm.createContext({ sessions });
  vm.runInContext('var own = { sessions, list: [1, 2, 3], call: () => sessions.size }', context, 'page.js');
  return { emitter, sessions, dictionary, chain, strings, arrays, iterators, others, context };
}

held.push(fill(300), fill(50));
leakwatch.writeSnapshot(process.argv[2], { keepIds: true });
held.shift();
held.push(fill(200));
leakwatch.writeSnapshot(process.argv[3], { keepIds: true });
