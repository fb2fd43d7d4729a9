'use strict';
// What was written to one object by those behind the guard, in isolating mode.
// The object itself stays as it was.

class Overlay {
  constructor() {
    /** Own keys that differ: descriptors, or null for what was deleted. */
    this.own = new Map();
  }

  has(key) {
    return this.own.has(key);
  }

  /** The own property as it looks from behind the guard. */
  describe(target, key) {
    const actual = Reflect.getOwnPropertyDescriptor(target, key);
    if (!this.own.has(key)) return actual;
    const written = this.own.get(key);
    if (written === null) return undefined;
    // Proxies must not make a property more or less configurable than it is.
    const configurable = actual ? actual.configurable : true;
    return Object.assign({}, written, { configurable });
  }

  /** False where the object's invariants forbid what is asked. */
  define(target, key, descriptor) {
    const actual = Reflect.getOwnPropertyDescriptor(target, key);
    if (!actual && !Reflect.isExtensible(target)) return false;
    if (descriptor.configurable === false && !(actual && !actual.configurable)) return false;
    const now = this.describe(target, key);
    if (actual && !actual.configurable) return this.redefine(actual, now, key, descriptor);
    const merged = Object.assign({ enumerable: false, configurable: true }, now && compatible(now, descriptor), descriptor);
    if (!('get' in merged) && !('set' in merged)) {
      if (!('value' in merged)) merged.value = undefined;
      merged.writable = Boolean(merged.writable);
    }
    this.own.set(key, merged);
    return true;
  }

  /** A property that cannot be reconfigured: only its value may change, and only if it may. */
  redefine(actual, now, key, descriptor) {
    if (!('value' in actual) || !actual.writable) return false;
    if ('get' in descriptor || 'set' in descriptor || descriptor.writable === false) return false;
    if ('enumerable' in descriptor && descriptor.enumerable !== actual.enumerable) return false;
    this.own.set(key, Object.assign({}, now, 'value' in descriptor ? { value: descriptor.value } : null));
    return true;
  }

  delete(target, key) {
    const actual = Reflect.getOwnPropertyDescriptor(target, key);
    if (actual && (!actual.configurable || !Reflect.isExtensible(target))) return false;
    if (actual) this.own.set(key, null);
    else this.own.delete(key);
    return true;
  }

  keys(target) {
    const keys = Reflect.ownKeys(target).filter((key) => this.own.get(key) !== null);
    const known = new Set(keys);
    for (const [key, written] of this.own) if (written !== null && !known.has(key)) keys.push(key);
    return keys;
  }
}

/** What of the old property the new one keeps: an accessor keeps nothing of a value, nor the other way round. */
function compatible(now, descriptor) {
  const accessor = 'get' in descriptor || 'set' in descriptor;
  const data = 'value' in descriptor || 'writable' in descriptor;
  const { enumerable } = now;
  if ((accessor && 'value' in now) || (data && ('get' in now || 'set' in now))) return { enumerable };
  return now;
}

module.exports = { Overlay };
