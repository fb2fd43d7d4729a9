'use strict';
// Small programs that leak, one kind each. Run: node programs.js <kind> <directory>
// Three snapshots are written: after warm-up, after 1000 rounds, after 2000.
const v8 = require('v8');
const path = require('path');
const { EventEmitter } = require('events');

class Session { constructor(id) { this.id = id; this.payload = 'payload ' + id + 'x'.repeat(20); } }

const state = {};
const sessionCache = new Map();
const seenSet = new Set();
const auditLog = [];
const dictionary = {};
const bus = new EventEmitter();
bus.setMaxListeners(0);
let theThing = null;
const chain = Promise.resolve();
const timers = [];
let controller;
let storage;
let registry;
const buffers = [];
const slices = [];
const weak = new WeakMap();
const weakKeys = [];
let linked = null;
let ctx = null;

const programs = {
  map(i) { sessionCache.set('session-' + i, new Session(i)); },
  set(i) { seenSet.add(new Session(i)); },
  array(i) { auditLog.push({ at: i, message: 'entry ' + i }); },
  dictionary(i) { dictionary['key' + i] = new Session(i); },
  emitter(i) { const request = new Session(i); bus.on('config', function onConfig() { return request; }); },
  closure(i) { // the classic of Meteor: a context shared by two closures
    const originalThing = theThing;
    const unused = function () { if (originalThing) return originalThing; };
    theThing = { longStr: new Array(50).join('*' + i), someMethod: function someMethod() {} };
    return unused;
  },
  promise() { // an endless loop of promises that resolve to promises, as co and recursive async code make them
    if (!state.head) state.head = new Promise((resolve) => { state.next = resolve; });
    const resolve = state.next;
    resolve(new Promise((next) => { state.next = next; }));
  },
  pending(i) { // an async function that waits for ever
    (async function handleRequest() { const session = new Session(i); await new Promise((resolve) => { bus.on('never', resolve); }); return session; })();
  },
  timer(i) { const session = new Session(i); setInterval(function poll() { return session; }, 1e8).unref(); },
  abort(i) { if (!controller) controller = new AbortController(); const session = new Session(i); controller.signal.addEventListener('abort', function onAbort() { return session; }); },
  als(i) {
    const { AsyncLocalStorage } = require('async_hooks');
    if (!storage) storage = new AsyncLocalStorage();
    storage.run(new Session(i), () => { setInterval(() => {}, 1e8).unref(); });
  },
  registry(i) {
    if (!registry) registry = new FinalizationRegistry(() => {});
    if (!state.kept) state.kept = [];
    const target = {}; state.kept.push(target); registry.register(target, new Session(i));
  },
  buffer() { buffers.push(Buffer.alloc(20000, 1)); },
  slice(i) { slices.push(('header-' + i + ' ' + 'y'.repeat(5000)).slice(0, 20)); },
  linked(i) { linked = { next: linked, value: new Session(i) }; },
  weakmap(i) { const key = {}; weakKeys.push(key); weak.set(key, new Session(i)); },
  module(i) {
    const Module = require('module'); const fs = require('fs'); const os = require('os');
    const file = path.join(os.tmpdir(), 'leakwatch-module-' + process.pid + '-' + (i % 1) + '.js');
    if (!state.written) { fs.writeFileSync(file, 'exports.data = new Array(100).fill("m");\n'); state.written = file; }
    const m = new Module(file + '?' + i, module); m.filename = file + '?' + i; m.paths = []; m.loaded = true;
    m._compile('exports.data = {rows: new Array(20).fill(' + i + ')};', m.filename); Module._cache[m.filename] = m;
  },
  vm(i) {
    if (i % 20) return;
    const vm = require('vm');
    const original = console.error;
    const sandbox = vm.createContext({ console, require });
    new vm.Script('const previous = console.error; console.error = function patched() { return previous; }; var pageData = new Array(1000).fill("page");', { filename: 'page.js' }).runInContext(sandbox);
    void original;
  },
  context(i) { // a closure that keeps the one before it, through one variable
    const previous = ctx; const held = new Session(i); ctx = function wrapped() { return [previous, held]; };
  },
  generator() { for (let n = 0; n < 20; n++) programs.generatorOnce(); },
  generatorOnce() { // fixed in Node 12.16: every generator function created stays in PrototypeInfo
    function make() { return (function* () { yield 1; })(); }
    make().next();
  },
  asyncgen(i) { const session = new Session(i); const g = (async function* stream() { yield session; })(); g.next(); auditLog.push(g); },
  string() { auditLog.push('unique ' + Math.random() + Math.random()); },
  symbol(i) { state[Symbol.for('sym' + i)] = i; },
  connect(i) { // listeners added to a reused socket
    if (!state.socket) { const net = require('net'); state.socket = new net.Socket(); state.socket.setMaxListeners(0); }
    const request = new Session(i); state.socket.on('connect', () => request);
  },
  none() { new Session(1); },
};

const kind = process.argv[2];
const directory = process.argv[3];
const round = programs[kind];
let rounds = 0;
function run(count) { for (let n = 0; n < count; n++) round(rounds++); }
const settle = (then) => setImmediate(() => setImmediate(then));
run(200);
settle(() => {
  v8.writeHeapSnapshot(path.join(directory, kind + '-1.heapsnapshot'));
  run(1000);
  settle(() => {
    v8.writeHeapSnapshot(path.join(directory, kind + '-2.heapsnapshot'));
    run(1000);
    settle(() => {
      v8.writeHeapSnapshot(path.join(directory, kind + '-3.heapsnapshot'));
      if (state.written) require('fs').unlinkSync(state.written);
      process.exit(0);
    });
  });
});
