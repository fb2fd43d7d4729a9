'use strict';
// guard(): read, then replaced. Those behind it must notice nothing else.

const assert = require('assert');
const vm = require('vm');
const { EventEmitter } = require('events');
const { PassThrough } = require('stream');
const { test } = require('node:test');
const { leakwatch, passes, refused } = require('./helper');

/** A guard and what it found. */
function guarded(object, options) {
  const findings = [];
  return { findings, proxy: leakwatch.guard(object, { onFinding: (finding) => findings.push(finding), ...options }) };
}

/** Something like the host's console. */
const host = () => ({ error() {}, log() {} });

/** Runs code in a context of its own that shares `console`. */
function inContext(code, shared, filename) {
  return new vm.Script(code, { filename }).runInNewContext({ console: shared });
}

const CODES = {
  'a key that is missing': ['const before = console.missing;\n console.missing = () => {};', 'console.missing'],
  'another key': ['const before = console.missing;\n console.other = () => {};', null],
  'a string': ['const before = console.error;\n console.error = "text";', null],
  'a wrapper': ['const before = console.error;\n console.error = () => before();', 'console.error'],
  'an object': ['const before = console.error;\n console.error = { before };', 'console.error'],
  'by defineProperty': ['const before = console.error;\n Object.defineProperty(console, "error", { value: () => before() });', 'console.error'],
  'by an accessor': ['const before = console.error;\n Object.defineProperty(console, "error", { get: () => before });', 'console.error'],
  'what was there, put back': ['const before = console.error;\n console.error = before;', null],
  'written and never read': ['console.error = () => {};', null],
  'read after it was written': ['console.error = () => {};\n console.error();', null],
};

for (const [name, [code, path]] of Object.entries(CODES)) {
  test(`from a context, seen in one run: ${name}`, () => {
    const { proxy, findings } = guarded(host(), { name: 'console' });
    inContext(code, proxy, 'page.js');
    assert.deepStrictEqual(findings.map((finding) => finding.path), path ? [path] : []);
    if (!path) return;
    const [{ read, written, message, readStack, writtenStack }] = findings;
    assert.deepStrictEqual([read.url, read.line], ['page.js', 1]);
    assert.deepStrictEqual([written.url, written.line], ['page.js', 2]);
    for (const text of [readStack, writtenStack]) assert.match(text, /page\.js/);
    assert.ok(message.includes(`page.js:${written.line}:${written.column}`), message);
  });
}

test('each key is told once, and by all contexts together', () => {
  const { proxy, findings } = guarded(host());
  for (let i = 0; i < 3; i++) inContext('const { error } = console; console.error = () => error();', proxy, `page${i}.js`);
  assert.strictEqual(findings.length, 1);
});

test('deep: objects, arrays, accessors, results', () => {
  const object = { list: [{ handler() {} }], nested: { deeper: { handler() {} } }, shared: { handler() {} } };
  Object.defineProperty(object, 'computed', { get: () => object.shared });
  object.ask = () => object.shared;
  const { proxy, findings } = guarded(object, { name: 'app' });
  const wrap = (at) => {
    const before = at.handler;
    at.handler = () => before();
  };
  wrap(proxy.list[0]);
  wrap(proxy.nested.deeper);
  wrap(proxy.computed);
  assert.deepStrictEqual(findings.map((finding) => finding.path), ['app.list[0].handler', 'app.nested.deeper.handler', 'app.computed.handler']);
  assert.strictEqual(proxy.ask(), proxy.computed, 'one object, one proxy');
  const shallow = guarded({ nested: { handler() {} } }, { deep: false });
  wrap(shallow.proxy.nested);
  assert.deepStrictEqual(shallow.findings, []);
});

test('the object is written to, never a proxy of ours', () => {
  const object = { first: {}, second: null };
  const { proxy } = guarded(object);
  const { first } = object;
  proxy.second = proxy.first;
  assert.strictEqual(object.second, first);
  proxy.list = [];
  object.list.push(1);
  assert.strictEqual(proxy.list.length, 1);
});

test('`this` is right for what has insides', async () => {
  const { proxy: map } = guarded(new Map([['a', { b: 1 }]]));
  assert.strictEqual(map.set('c', 2), map);
  assert.deepStrictEqual([map.size, map.get('a').b, [...map.keys()]], [2, 1, ['a', 'c']]);
  assert.strictEqual(guarded(new Set([1])).proxy.has(1), true);
  assert.strictEqual(guarded(new Date(5)).proxy.getTime(), 5);
  assert.strictEqual(+guarded(new Date(5)).proxy, 5);
  assert.strictEqual(guarded(/a(b)/).proxy.exec('ab')[1], 'b');
  assert.deepStrictEqual(Buffer.from('text'), guarded({ buffer: Buffer.from('text') }).proxy.buffer);
  const { proxy: shared } = guarded(process);
  assert.deepStrictEqual([shared.pid, shared.cwd(), typeof shared.memoryUsage().rss, typeof shared.hrtime()[0]], [process.pid, process.cwd(), 'number', 'number']);
  assert.strictEqual(typeof shared.stdout.write, 'function');
  assert.strictEqual(await shared.constructor.name, 'process');
  const { proxy: stream } = guarded(new PassThrough());
  stream.end('text');
  let text = '';
  for await (const chunk of stream) text += chunk;
  assert.strictEqual(text, 'text');
  const { proxy: emitter } = guarded(new EventEmitter());
  let heard = 0;
  assert.strictEqual(emitter.on('event', () => (heard += 1)), emitter);
  emitter.emit('event');
  assert.strictEqual(heard, 1);
  assert.strictEqual(await guarded({ later: Promise.resolve(7) }).proxy.later, 7);
});

test('classes: private fields, accessors, statics, instances, heirs', () => {
  class Counter {
    static made = 0;
    #count = 0;
    constructor() {
      Counter.made += 1;
    }
    get count() {
      return this.#count;
    }
    set count(value) {
      this.#count = value;
    }
    add() {
      this.#count += 1;
      return this;
    }
  }
  const { proxy } = guarded(new Counter());
  proxy.count = 5;
  assert.strictEqual(proxy.add().add().count, 7);
  assert.ok(proxy instanceof Counter);
  const Guarded = guarded(Counter).proxy;
  assert.ok(new Guarded() instanceof Guarded && new Guarded() instanceof Counter);
  assert.strictEqual(Guarded.made, 3);
  class Heir extends Guarded {}
  const heir = new Heir();
  assert.ok(heir instanceof Heir && heir instanceof Counter);
  assert.strictEqual(heir.add().count, 1);
  const inherits = Object.create(guarded({ a: 1 }).proxy);
  inherits.a = 2;
  assert.deepStrictEqual([inherits.a, Object.keys(inherits)], [2, ['a']]);
});

test('invariants: frozen and non-configurable properties show as they are', () => {
  const inner = {};
  const { proxy } = guarded(Object.freeze({ inner, list: [1] }));
  assert.strictEqual(proxy.inner, inner);
  assert.throws(() => { proxy.inner = 1; }, TypeError);
  assert.strictEqual(Object.isFrozen(proxy), true);
  const { proxy: fixed } = guarded(Object.defineProperty({}, 'x', { value: inner, writable: true }));
  assert.strictEqual(Object.getOwnPropertyDescriptor(fixed, 'x').configurable, false);
  fixed.x = 1;
  assert.strictEqual(fixed.x, 1);
  const { proxy: closed } = guarded(Object.preventExtensions({ a: 1 }), { isolate: true });
  assert.throws(() => { closed.b = 1; }, TypeError);
  closed.a = 2;
  assert.deepStrictEqual([closed.a, Object.keys(closed)], [2, ['a']]);
});

test('JSON, spread, for-in, symbols, identity', () => {
  const key = Symbol('key');
  const object = { a: { b: [1, 2] }, [key]: { c: 1 } };
  const { proxy } = guarded(object);
  assert.strictEqual(JSON.stringify(proxy), JSON.stringify(object));
  assert.deepStrictEqual(Object.keys({ ...proxy }), ['a']);
  assert.strictEqual({ ...proxy }.a, proxy.a);
  const seen = [];
  for (const name in proxy) seen.push(name);
  assert.deepStrictEqual(seen, ['a']);
  assert.strictEqual(proxy[key].c, 1);
  assert.ok(Array.isArray(proxy.a.b));
  assert.deepStrictEqual([...proxy.a.b, ...proxy.a.b.map((n) => n * 2)], [1, 2, 2, 4]);
  assert.strictEqual(proxy.a, proxy.a);
  assert.strictEqual(leakwatch.guard(object), leakwatch.guard(object));
  assert.strictEqual(leakwatch.guard(proxy), proxy);
});

test('isolating: writes stay behind the guard', () => {
  const shared = host();
  const { error, log } = shared;
  const { proxy, findings } = guarded(shared, { isolate: true, name: 'console' });
  const result = inContext(
    `const { error } = console;
     console.error = () => error();
     console.fresh = 1;
     delete console.log;
     Object.defineProperty(console, 'hidden', { value: 2 });
     ({ replaced: console.error !== error, keys: Object.keys(console), has: 'log' in console, fresh: console.fresh,
        hidden: [console.hidden, Object.getOwnPropertyDescriptor(console, 'hidden').enumerable] });`,
    proxy
  );
  assert.deepStrictEqual(JSON.parse(JSON.stringify(result)), { replaced: true, keys: ['error', 'fresh'], has: false, fresh: 1, hidden: [2, false] });
  assert.deepStrictEqual(shared, { error, log });
  assert.deepStrictEqual([findings.length, findings[0].isolated], [1, true]);
  const other = guarded(shared, { isolate: true }).proxy;
  assert.strictEqual(other.fresh, undefined, 'each guard for itself');
});

test('isolating: arrays and accessors too', () => {
  const list = [1];
  const { proxy } = guarded({ list }, { isolate: true });
  proxy.list.push({ a: 1 });
  assert.deepStrictEqual([proxy.list.length, proxy.list[1].a, list], [2, 1, [1]]);
  proxy.list.length = 0;
  assert.deepStrictEqual([proxy.list.length, list.length], [0, 1]);
  let stored = null;
  const accessor = { get x() { return stored; }, set x(value) { stored = value; } };
  const behind = guarded(accessor, { isolate: true }).proxy;
  behind.x = () => {};
  assert.deepStrictEqual([stored, typeof behind.x], [null, 'function']);
  assert.throws(() => { 'use strict'; Object.preventExtensions(behind); }, TypeError);
});

test('a function that throws in a guard, or from onFinding, reaches its caller', () => {
  const mine = new RangeError('mine');
  const { proxy } = guarded({ fail() { throw mine; } });
  assert.throws(() => proxy.fail(), (error) => error === mine);
  const strict = leakwatch.guard(host(), { onFinding: ({ message }) => { throw new Error(message); } });
  assert.throws(() => inContext('const { log } = console; console.log = () => log();', strict), /was read at/);
});

test('without a listener, a warning with both stacks', async () => {
  const { stderr } = await passes(`
    const shared = { handler() {} };
    const proxy = leakwatch.guard(shared, { name: 'shared' });
    const before = proxy.handler;
    proxy.handler = () => before();
  `);
  assert.match(stderr, /LEAKWATCH_GUARD.*shared\.handler was read at/);
  assert.match(stderr, /read:\n[\s\S]*replaced:\n/);
});

test('it keeps no context alive', async () => {
  const { proxy } = guarded(host());
  const { proxy: isolated } = guarded(host(), { isolate: true });
  const page = (console) => inContext('const { log } = console; console.own = () => log(); log(); console.log; 1', console);
  page(proxy);
  const before = (await leakwatch.promises.tick()).nativeContexts;
  for (let i = 0; i < 20; i++) {
    page(proxy);
    page(leakwatch.guard(host(), { isolate: true, onFinding() {} }));
  }
  inContext('const { log } = console; log();', isolated);
  const after = (await leakwatch.promises.tick()).nativeContexts;
  // The last page's function is what the shared object holds now; the stack may hold one more.
  assert.ok(after - before <= 2, `${after - before} contexts more`);
});

test('what is no object and no option is refused', () => {
  for (const bad of [undefined, null, 1, 'text']) assert.throws(() => leakwatch.guard(bad), refused('object'));
  for (const [name, value] of Object.entries({ isolate: 1, deep: 'no', name: '', onFinding: 1, other: 1 })) {
    assert.throws(() => leakwatch.guard({}, { [name]: value }), refused(name));
  }
});
