'use strict';
// An HTTP server that leaks in one of five ways, until V8 ends it. It sends each baseline, and the trend of its first alarm.
//
// {kind, options}

const http = require('http');
const vm = require('vm');
const { EventEmitter } = require('events');
const { args, leakwatch, now, send } = require('../support/program');

/** About 10 KB, none of it shared with another call's. */
function payload(id) {
  return Array.from({ length: 100 }, (_, i) => ({ id: id + i, text: `item ${id} ${i}`, price: i * 1.25 }));
}

/** A page whose code wraps the host's console.error once more: a chain of contexts. */
function vmConsole() {
  const original = console.error;
  const page = new vm.Script("const before = console.error; console.error = (...args) => before('[page]', ...args); html = items.join();");
  let renders = 0;
  return (id) => {
    // A context takes ten times what the others leak.
    if (renders++ % 10 > 0) return String(id);
    const sandbox = { console, items: payload(id).map((item) => item.text), html: '' };
    page.runInNewContext(sandbox);
    return sandbox.html.length + original.name;
  };
}

/** Closures that each hold the one before, and what it saw. */
function closures() {
  let last = () => 0;
  return (id) => {
    const before = last;
    const seen = payload(id);
    last = () => (before === null ? 0 : seen.length);
    return last();
  };
}

/** Listeners on an emitter that outlives the requests. */
function listeners() {
  const bus = new EventEmitter();
  bus.setMaxListeners(0);
  return (id) => {
    const mine = payload(id);
    bus.on('reload', () => mine.length);
    return bus.listenerCount('reload');
  };
}

/** Sessions that never expire. */
function sessions() {
  const kept = new Map();
  return (id) => kept.set(`session ${id}`, payload(id)).size;
}

/** An endless loop whose every promise is resolved with the next one's, as co 4.0's was. */
function promises() {
  let settle;
  let chain = new Promise((resolve) => (settle = resolve));
  const first = chain;
  return (id) => {
    const mine = payload(id);
    const resolve = settle;
    chain = new Promise((next) => (settle = next)).then(() => mine.length);
    resolve(chain);
    return Number(first instanceof Promise);
  };
}

const KINDS = { 'vm-console': vmConsole, closures, listeners, sessions, promises };

const leak = KINDS[args.kind]();
const tool = leakwatch();
const watch = tool.start(args.options);
const started = now();
watch.on('baseline', ({ heapUsed }) => send('baseline', { at: now() - started, heapUsed }));
watch.on('leak', (trend) => send('leak', { at: now() - started, trend, heapUsed: tool.history().baselines.pop().heapUsed }));

let requests = 0;
const server = http.createServer((request, response) => {
  requests += 1;
  // What a request needs only for its own time.
  const page = JSON.stringify(payload(-requests));
  response.end(`${leak(requests)} ${page.length}`);
});
server.listen(0, '127.0.0.1', () => send('listening', { port: server.address().port, limit: tool.stats().heap.heapSizeLimit }));
