'use strict';
// guard(): watches an object that is shared into vm contexts. Where a key is
// read and then replaced by something that can hold what was read, each context
// leaves a link in a chain that never ends.

const options = require('../options');
const { invalid } = require('../error');
const { Membrane } = require('./membrane');
const { placeOf, show } = require('./places');

const CODE = 'LEAKWATCH_GUARD';

/** Guards made without options: the same object, the same guard. */
const plain = new WeakMap();

function nameOf(object) {
  if (typeof object === 'function') return object.name || 'function';
  for (const name of ['console', 'process', 'globalThis']) if (globalThis[name] === object) return name;
  let constructor;
  try {
    constructor = object.constructor;
  } catch (_) {
    return 'object';
  }
  return (typeof constructor === 'function' && constructor.name) || 'object';
}

function findingOf({ path, key, readStack, writeStack }, isolated) {
  const read = placeOf(readStack);
  const written = placeOf(writeStack);
  const end = isolated
    ? 'The write stays with this context; without the guard it would reach everybody.'
    : 'What replaces it can hold what was read, so each vm context (or call) that does this adds a link to a chain that never ends.';
  return {
    path,
    key,
    read,
    written,
    readStack,
    writtenStack: writeStack,
    isolated,
    message: `${path} was read at ${show(read)} and then replaced at ${show(written)}. ${end}`,
  };
}

function warn(finding) {
  process.emitWarning(finding.message, {
    type: 'LeakwatchWarning',
    code: CODE,
    detail: `read:\n${finding.readStack}\nreplaced:\n${finding.writtenStack}`,
  });
}

/** A proxy of `object` that tells of keys that are read and then replaced. */
function guard(object, given) {
  if ((typeof object !== 'object' || object === null) && typeof object !== 'function') {
    throw invalid('object', `must be an object or a function, not ${options.show(object)}`);
  }
  if (given === undefined && plain.has(object)) return plain.get(object);
  const { isolate = false, deep = true, name = nameOf(object), onFinding = warn } = options.guard(given);
  const found = (raw) => onFinding(findingOf(raw, isolate));
  const proxy = new Membrane({ isolate, deep, found }).wrap(object, name, true);
  if (given === undefined) plain.set(object, proxy);
  return proxy;
}

module.exports = { guard };
