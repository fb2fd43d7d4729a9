'use strict';
// From the chain that holds an environment to what a developer calls it: a
// listener, a timer, an open handle, a patched global, a cache.

const crypto = require('crypto');
const path = require('path');

/** How things of one realm lead to its global object: no hold of the program's making. */
const STRUCTURAL = new Set([
  '__proto__', 'constructor', 'context', 'previous', 'map', 'native_context', 'global_proxy_object', 'global_object',
  'global_proxy', 'shared', 'script_context_table', 'constructor_or_back_pointer', 'extension', 'prototype', 'initial_map',
]);
const HANDLE = /^(Node \/ )?(TCP|TCPServerWrap|TCPSocketWrap|TLSWrap|Pipe|PipeWrap|PipeServerWrap|UDP|UDPWrap|TTY|TTYWrap|Process|ProcessWrap|FSWatcher|FSEvent|FSEventWrap|StatWatcher|MessagePort|Worker|ChildProcess|Server|Http2Session|FileHandle|SocketListWrap)$/;
const COLLECTIONS = new Set(['Map', 'Set', 'Array', 'WeakMap']);
const COMPILED = /^(\(Compilation cache\)|.*CompilationCacheTable|.*CompiledFnEntry|.*ContextifyScript)$|importModuleDynamically|host_defined_options/;

/** How a resource holds what was current when it was made. */
const ASYNC_CONTEXT = /kResourceStore|async_context_frame|AsyncContextFrame/;
/** What V8's inline caches saw last in a function: a realm that is gone is held until another is seen. */
const INLINE_CACHE = /^system \/ Feedback(Cell|Vector)$/;
/** Says little: what was current when something was made; a module of a realm, which holds all of it; an inline cache. */
const SAYS_LITTLE = /kResourceStore|async_context_frame|AsyncContextFrame|^ModuleWrap$|^system \/ (SyntheticModule|Feedback(Cell|Vector))$/;
const RUNNERS = /[\\/]node_modules[\\/](jest|jest-[^\\/]*|@jest|expect|graceful-fs|source-map-support|vitest|@vitest|vite|mocha|leakwatch)[\\/]/;
/** What runs a test file: its own listener or timer is there while the file runs, and stays where a file cannot be loaded. */
const RUNS_FILES = /[\\/]node_modules[\\/](jest-(circus|jasmine2|runner|runtime|worker)|@jest[\\/]core|mocha|vitest|@vitest[\\/]runner)[\\/]/;
const OWN = path.join(__dirname, '..') + path.sep;

const isRunners = (url) => RUNNERS.test(url) || url.startsWith(OWN);

/** Jest's and Node's own code explain nothing to the one who wrote the test. */
function isTheirs(url) {
  return (
    /^(node:|internal\/|native )/.test(url) ||
    !(url.startsWith('file:') || /[\\/]/.test(url)) ||
    isRunners(url)
  );
}

function plainUrl(url) {
  return url.startsWith('file://') ? decodeURIComponent(url.slice(7)) : url;
}

const isStructural = ({ edge, edgeType }) =>
  STRUCTURAL.has(edge) && (edgeType === 'internal' || edgeType === 'property' || edgeType === 'hidden');

/** Where the chain enters the environment: the last step that is not structural. */
function entryOf(steps) {
  for (let at = steps.length - 1; at > 0; at--) if (!isStructural(steps[at])) return at;
  return 0;
}

const quiet = (name) => name.replace(/^<symbol (.*)>$/, '$1');

/** A name for the thing at `at`, from how it is reached. */
function label(steps, at, names) {
  for (let i = at; i > 0; i--) {
    const { edge, edgeType, node, index } = steps[i];
    if (names && names.has(index)) return names.get(index);
    if (node === 'process') return 'process';
    if (edgeType === 'property' || edgeType === 'context') {
      if (!isStructural(steps[i]) && !/^_?(events|handle)$/.test(edge)) return quiet(edge);
    }
    if (node && !/^(Object|system |\()/.test(node) && steps[i].type === 'object' && i === at) return node;
  }
  return steps[at].node || 'something';
}

/** The collection that the entry is an element of: `{name, node}`. */
function collectionAbove(steps, entry) {
  for (let at = entry; at > 0; at--) {
    const { edgeType } = steps[at];
    if (edgeType !== 'element' && edgeType !== 'internal' && edgeType !== 'hidden') return null;
    if (COLLECTIONS.has(steps[at - 1].node)) return { name: label(steps, at - 1), node: steps[at - 1].node };
  }
  return null;
}

function classify(steps, entry, oneShot, names) {
  // A holder holds directly: what lies behind the scope of another function is that function's doing.
  const find = (test) => {
    for (let at = entry; at > 0; at--) {
      if (test(steps[at], at)) return at;
      if (at < entry && steps[at].edge === 'context' && steps[at].edgeType === 'internal') return -1;
    }
    return -1;
  };
  if (steps.some(({ node, edge }) => COMPILED.test(node) || COMPILED.test(edge))) {
    return { kind: 'compiled-code', what: "V8's cache of compiled code (vm.compileFunction with importModuleDynamically)" };
  }
  if (find(({ edge, node }) => ASYNC_CONTEXT.test(edge) || ASYNC_CONTEXT.test(node)) > 0) {
    return { kind: 'async-context', what: `the async context that ${label(steps, Math.max(entry - 1, 0))} was made in` };
  }
  const timer = find(({ node, edge }) => node === 'Timeout' || node === 'Immediate' || edge === '_onTimeout' || edge === '_onImmediate');
  const events = find(({ edge }) => edge === '_events');
  const handle = find(({ node }) => HANDLE.test(node));
  if (timer > 0 && timer > events) {
    return oneShot
      ? { kind: 'pending-timer', what: 'a timer that has not fired yet' }
      : { kind: 'timer', what: 'a timer that was never cleared' };
  }
  if (events > 0) {
    const emitter = steps[events - 1];
    const event = events < steps.length - 1 ? quiet(steps[events + 1].edge) : '';
    const owned = emitter.node === 'Server' || handleOfTests(steps, events);
    const emitterName = emitter.node === 'Object' ? label(steps, events - 1) : emitter.node;
    if (owned) return { kind: 'handle', what: `an open handle (${emitterName}) that was never closed` };
    return { kind: 'listener', what: `a listener for '${event}' on ${emitterName} that was never removed` };
  }
  if (handle > 0) {
    const name = steps[handle].node.replace(/^Node \/ /, '');
    return { kind: 'handle', what: `an open handle (${name}) that was never closed` };
  }
  const collection = collectionAbove(steps, entry);
  if (collection) {
    return { kind: 'cache', what: `the ${collection.node} '${collection.name}', which outlives the test file` };
  }
  const { edge, edgeType, node, type } = steps[entry];
  if (COLLECTIONS.has(node)) {
    const on = edgeType === 'property' ? ` on ${label(steps, entry - 1)}` : '';
    return { kind: 'cache', what: `the ${node} '${quiet(edge)}'${on}, which outlives the test file` };
  }
  if (edgeType === 'property' && entry > 1 && type === 'closure' && steps[entry].location) {
    const owner = steps[entry - 1].node === 'process' ? 'process' : label(steps, entry - 1, names);
    return { kind: 'patched-global', what: `${owner}.${quiet(edge)}, which was replaced and never put back` };
  }
  if (edgeType === 'property' && entry > 1) {
    return { kind: 'kept', what: `the property ${label(steps, entry - 1, names)}.${quiet(edge)}` };
  }
  if (edgeType === 'context') return { kind: 'kept', what: `the variable '${edge}' of code that outlives the test file` };
  const promise = find(({ node }) => /Promise|Generator/.test(node));
  if (promise > 0) return { kind: 'pending', what: 'a promise that has not settled' };
  return { kind: 'unknown', what: label(steps, Math.max(entry - 1, 0)) };
}

/** A socket or server that is not one of the process's own three streams. */
function handleOfTests(steps, events) {
  return steps.slice(0, events).some(({ node }) => /TCPServerWrap|PipeServerWrap|FSEvent|StatWatcher|UDP/.test(node));
}

/** The place nearest to the environment that someone's own code stands at. */
function ownLocation(steps, entry) {
  for (let at = entry; at > 0; at--) {
    const { location } = steps[at];
    if (location && !isTheirs(location.url)) return location;
  }
  for (const { location } of steps.slice(entry)) if (location && !isTheirs(location.url)) return location;
  return undefined;
}

/** `{kind, what, location?, path, fingerprint}` of a chain from the root to an environment. */
function explain(steps, { rootDir, oneShot = false, location, names } = {}) {
  if (steps.length === 0) return undefined;
  const entry = entryOf(steps);
  let place = ownLocation(steps, entry) || location;
  let { kind, what } = classify(steps, entry, oneShot, names);
  // No place of the program's own on the way, and none near it: the runner's own doing, or V8's.
  const vague = kind === 'kept' || kind === 'unknown' || kind === 'cache';
  // Jest runs tests in an async context of its own, so what is made once and for all, like Node's resolver, keeps the first file.
  const byRunner = !ownLocation(steps, entry) && steps.slice(entry).some(({ location: at }) => at && RUNS_FILES.test(at.url));
  if (byRunner) place = undefined;
  const cache = steps.slice(0, entry).findIndex(({ node }) => INLINE_CACHE.test(node));
  if (cache > 0) [kind, what, place] = ['runner', `V8's inline caches of ${label(steps, cache - 1)}, until they see another`, undefined];
  else if (byRunner || kind === 'async-context') [kind, what] = ['runner', `the test runner itself (${what})`];
  else if ((!place ? vague : kind === 'patched-global' || kind === 'kept') && steps.some(({ node, location: at }) => node === 'ModuleWrap' || (at && isRunners(at.url)))) [kind, what] = ['runner', `the test runner itself (${what})`];
  const url = place && path.relative(rootDir || process.cwd(), plainUrl(place.url));
  const shown = steps.slice(Math.max(0, entry - 6), entry + 1).map((step) => ({
    edge: step.edge,
    node: step.node || '(anonymous)()',
    type: step.type,
    location: step.location,
  }));
  // A handle or timer is reached by another chain in every version of Node: the place says which it is.
  const named = kind === 'handle' || kind === 'timer' || kind === 'pending-timer' ? '' : what.replace(/\d+/g, '#');
  const key = [kind, named, url ? url.split(path.sep).join('/') : ''].join('\n');
  return {
    kind,
    what,
    location: place ? { url: plainUrl(place.url), line: place.line, column: place.column } : undefined,
    path: shown,
    fingerprint: crypto.createHash('sha1').update(key).digest('hex').slice(0, 16),
  };
}

module.exports = { ASYNC_CONTEXT, SAYS_LITTLE, isRunners, entryOf, explain, isTheirs, plainUrl };
