'use strict';
// Proxies around an object and all that is reached through it. Whoever is behind
// them reads and writes as before; reads and replacements of one key are seen.

const util = require('util');
const { Overlay } = require('./overlay');
const { stackHere } = require('./places');

/** Keys whose first read is remembered, for each object: a dictionary may have millions. */
const MAX_KEYS = 1000;

/** What each proxy of ours stands for. */
const targets = new WeakMap();

const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The object itself, if it is one of our proxies. */
function unwrap(value) {
  return isObject(value) && targets.has(value) ? targets.get(value) : value;
}

/**
 * Objects that native code takes by their insides, handed on as they are: what
 * is in them is bytes, or settled once.
 */
function isOpaque(value) {
  return ArrayBuffer.isView(value) || util.types.isAnyArrayBuffer(value) || util.types.isPromise(value) || util.types.isExternal(value);
}

/** Methods of arrays work on whatever they are called on, a proxy too. */
const ARRAY_METHODS = new Set(
  Reflect.ownKeys(Array.prototype)
    .map((key) => Array.prototype[key])
    .filter((value) => typeof value === 'function')
);

class Membrane {
  /** `found({path, readStack, writeStack})` is called once for each key of each object. */
  constructor({ isolate, deep, found }) {
    this.isolate = isolate;
    this.deep = deep;
    this.found = found;
    /** By object: its proxy, and what is known of its keys. */
    this.notes = new WeakMap();
    this.overlays = new WeakMap();
    this.handler = handlerOf(this);
  }

  /** `tracked`: whether reads are remembered from now on. */
  wrap(value, path, tracked) {
    if (!isObject(value)) return value;
    const known = this.notes.get(value);
    if (known) {
      // What is handed out again is no passing value.
      known.tracked = true;
      return known.proxy;
    }
    if (targets.has(value) || isOpaque(value)) return value;
    const proxy = new Proxy(value, this.handler);
    targets.set(proxy, value);
    this.notes.set(value, { proxy, path, tracked, reads: new Map(), told: null });
    return proxy;
  }

  /** What is found at `key`: guarded itself, unless the object must show it as it is. */
  inner(target, key, value) {
    if (!isObject(value) || (!this.deep && typeof value !== 'function')) return value;
    const own = Reflect.getOwnPropertyDescriptor(target, key);
    if (own && !own.configurable && !own.writable && own.get === undefined) return value;
    const known = this.notes.get(value);
    const { tracked } = this.notes.get(target);
    if (known) {
      if (tracked) known.tracked = true;
      return known.proxy;
    }
    return this.wrap(value, this.pathTo(target, key), tracked);
  }

  pathTo(target, key) {
    const { path } = this.notes.get(target);
    return typeof key === 'symbol' ? `${path}[${String(key)}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${key}]`;
  }

  noteRead(target, key) {
    const { reads, tracked } = this.notes.get(target);
    if (reads.has(key) || !tracked || reads.size >= MAX_KEYS) return;
    reads.set(key, stackHere());
  }

  /** A replacement of what was read, by something that can hold it. */
  noteWrite(target, key, value, before) {
    if (!isObject(value) || value === before) return;
    const note = this.notes.get(target);
    const readStack = note.reads.get(key);
    if (readStack === undefined || (note.told && note.told.has(key))) return;
    if (!note.told) note.told = new Set();
    note.told.add(key);
    this.found({ path: this.pathTo(target, key), key, readStack, writeStack: stackHere() });
  }

  overlayOf(target) {
    let overlay = this.overlays.get(target);
    if (!overlay) this.overlays.set(target, (overlay = new Overlay()));
    return overlay;
  }

  /** The own property as those behind the guard see it. */
  own(target, key) {
    const overlay = this.isolate && this.overlays.get(target);
    return overlay ? overlay.describe(target, key) : Reflect.getOwnPropertyDescriptor(target, key);
  }

  /** The value at `key` now, without running accessors. */
  current(target, key) {
    const own = this.own(target, key);
    return own && 'value' in own ? own.value : undefined;
  }

  get(target, key, receiver) {
    this.noteRead(target, key);
    const overlay = this.isolate && this.overlays.get(target);
    if (overlay && overlay.has(key)) {
      const own = overlay.describe(target, key);
      if (own) return 'value' in own ? own.value : own.get && Reflect.apply(own.get, receiver, []);
      const parent = Reflect.getPrototypeOf(target);
      return parent ? this.inner(target, key, Reflect.get(parent, key, this.self(target, receiver))) : undefined;
    }
    return this.inner(target, key, Reflect.get(target, key, this.self(target, receiver)));
  }

  /** Native accessors look into `this`, so they get the object itself; heirs of the proxy stay who they are. */
  self(target, receiver) {
    return unwrap(receiver) === target ? target : receiver;
  }

  set(target, key, value, receiver) {
    const raw = unwrap(value);
    if (this.self(target, receiver) !== target) return Reflect.set(target, key, value, receiver);
    this.noteWrite(target, key, raw, this.current(target, key));
    if (!this.isolate) return Reflect.set(target, key, raw, target);
    const own = this.own(target, key);
    const found = own || inherited(target, key);
    if (found && ('get' in found || 'set' in found)) {
      if (!found.set) return false;
      // One that was defined behind the guard is called as usual; the object's own might
      // store the value where everybody sees it, so the value is laid over it.
      if (this.overlays.has(target) && this.overlays.get(target).has(key)) {
        Reflect.apply(found.set, receiver, [value]);
        return true;
      }
      return this.overlayOf(target).define(target, key, { value, writable: true, enumerable: found.enumerable, configurable: true });
    }
    if (found && !found.writable) return false;
    if (own) return this.overlayOf(target).define(target, key, { value });
    return this.overlayOf(target).define(target, key, { value, writable: true, enumerable: true, configurable: true });
  }

  defineProperty(target, key, descriptor) {
    for (const part of ['value', 'get', 'set']) {
      if (part in descriptor) this.noteWrite(target, key, unwrap(descriptor[part]), this.current(target, key));
    }
    if (this.isolate) return this.overlayOf(target).define(target, key, descriptor);
    const raw = Object.assign({}, descriptor);
    if ('value' in raw) raw.value = unwrap(raw.value);
    return Reflect.defineProperty(target, key, raw);
  }

  describe(target, key) {
    const own = this.own(target, key);
    if (!own || !('value' in own)) return own;
    this.noteRead(target, key);
    const overlay = this.isolate && this.overlays.get(target);
    if (!overlay || !overlay.has(key)) own.value = this.inner(target, key, own.value);
    return own;
  }

  apply(target, self, args) {
    const raw = unwrap(self);
    // In isolating mode arrays are changed through the guard, so that what is pushed stays with the context.
    const through = this.isolate && Array.isArray(raw) && ARRAY_METHODS.has(target);
    const result = Reflect.apply(target, through ? self : raw, through ? args : args.map(unwrap));
    if (!this.deep || through) return result;
    // Most results are made for the caller; where each first read was would cost more than the call.
    return this.wrap(result, `${this.notes.get(target).path}()`, false);
  }

  construct(target, args, newTarget) {
    return Reflect.construct(target, args.map(unwrap), unwrap(newTarget));
  }
}

/** The property as the prototypes have it. */
function inherited(target, key) {
  for (let at = Reflect.getPrototypeOf(target); at !== null; at = Reflect.getPrototypeOf(at)) {
    const own = Reflect.getOwnPropertyDescriptor(at, key);
    if (own) return own;
  }
  return undefined;
}

/** The traps; one object for all proxies of a membrane. */
function handlerOf(membrane) {
  const handler = {
    get: (target, key, receiver) => membrane.get(target, key, receiver),
    set: (target, key, value, receiver) => membrane.set(target, key, value, receiver),
    defineProperty: (target, key, descriptor) => membrane.defineProperty(target, key, descriptor),
    getOwnPropertyDescriptor: (target, key) => membrane.describe(target, key),
    apply: (target, self, args) => membrane.apply(target, self, args),
    construct: (target, args, newTarget) => membrane.construct(target, args, newTarget),
  };
  if (!membrane.isolate) return handler;
  const overlay = (target) => membrane.overlays.get(target);
  return Object.assign(handler, {
    has(target, key) {
      if (!overlay(target) || !overlay(target).has(key)) return Reflect.has(target, key);
      if (membrane.own(target, key)) return true;
      const parent = Reflect.getPrototypeOf(target);
      return parent !== null && Reflect.has(parent, key);
    },
    deleteProperty: (target, key) => membrane.overlayOf(target).delete(target, key),
    ownKeys: (target) => (overlay(target) ? overlay(target).keys(target) : Reflect.ownKeys(target)),
    // Both would be seen by everybody.
    setPrototypeOf: (target, prototype) => prototype === Reflect.getPrototypeOf(target),
    preventExtensions: () => false,
  });
}

module.exports = { Membrane, unwrap };
