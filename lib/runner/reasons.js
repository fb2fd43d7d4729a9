'use strict';
// From the chain that holds an environment to what a developer calls it: a
// listener, a timer, an open handle, a patched global, a cache.

const crypto = require('crypto');
const path = require('path');

const HANDLE = /^(Node \/ )?(TCP|TCPServerWrap|TCPSocketWrap|TLSWrap|Pipe|PipeWrap|PipeServerWrap|UDP|UDPWrap|TTY|TTYWrap|Process|ProcessWrap|FSWatcher|FSEvent|FSEventWrap|StatWatcher|MessagePort|Worker|ChildProcess|Server|Http2Session|FileHandle|SocketListWrap)$/;
const COLLECTIONS = new Set(['Map', 'Set', 'Array', 'WeakMap']);
const COMPILED = /^(\(Compilation cache\)|.*CompilationCacheTable|.*CompiledFnEntry|.*ContextifyScript)$|importModuleDynamically|host_defined_options/;

/** How a resource holds what was current when it was made. */
const ASYNC_CONTEXT = /kResourceStore|async_context_frame|AsyncContextFrame/;
/** What V8's inline caches saw last in a function: a realm that is gone is held until another is seen. */
const INLINE_CACHE = /^system \/ Feedback(Cell|Vector)$/;
/** Before Node 16 the cell has no name of its own. */
const isInlineCache = ({ node, edge }) => INLINE_CACHE.test(node) || (edge === 'feedback_cell' && node === 'system');
/** What V8's own code holds for the moment: functions that run, and the compiler's threads. */
const RUNNING = /^\((Stack roots|Handle scope|Strong roots)\)$/;
/** What runs a test file: its own listener or timer is there while the file runs, and stays where a file cannot be loaded. */
const RUNS_FILES = /[\\/]node_modules[\\/](jest-(circus|jasmine2|runner|runtime|worker)|@jest[\\/]core|mocha|vitest|@vitest[\\/]runner)[\\/]/;

function plainUrl(url) {
  return url.startsWith('file://') ? decodeURIComponent(url.slice(7)) : url;
}

const quiet = (name) => name.replace(/^<symbol (.*)>$/, '$1');

/** A name for the thing at `at`, from how it is reached. */
function label(steps, at) {
  for (let i = at; i > 0; i--) {
    const { edge, edgeType, node, module } = steps[i];
    if (module) return module;
    if (node === 'process') return 'process';
    if (edgeType === 'property' || edgeType === 'context') {
      if (!steps[i].structural && !/^_?(events|handle)$/.test(edge)) return quiet(edge);
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

function classify(steps, entry, oneShot) {
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
  if (steps.some(({ node }) => RUNNING.test(node))) return { kind: 'pending', what: 'code that runs or is being compiled' };
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
    const owner = steps[entry - 1].node === 'process' ? 'process' : label(steps, entry - 1);
    return { kind: 'patched-global', what: `${owner}.${quiet(edge)}, which was replaced and never put back` };
  }
  if (edgeType === 'property' && entry > 1) {
    return { kind: 'kept', what: `the property ${label(steps, entry - 1)}.${quiet(edge)}` };
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

/** The place nearest to the environment that the program's own code stands at. */
function ownLocation(steps, entry) {
  const isOwn = ({ owner }) => owner === 'program';
  const before = steps.slice(1, entry + 1).reverse().find(isOwn);
  const own = before || steps.slice(entry).find(isOwn);
  return own && own.location;
}

/**
 * `{kind, what, location?, path, fingerprint}` of a chain from the root to an environment, as the addon tells it:
 * `{steps, entry, oneShot, nearby}`.
 */
function explain({ steps, entry, oneShot, nearby }, { rootDir } = {}) {
  const own = ownLocation(steps, entry);
  const cache = steps.slice(0, entry).findIndex(isInlineCache);
  const runsFiles = !own && steps.slice(entry).some(({ location }) => location && RUNS_FILES.test(location.url));
  const place = runsFiles || cache > 0 ? undefined : own || nearby;
  let { kind, what } = classify(steps, entry, oneShot);
  // No place of the program's own on the way, and none near it: the runner's own doing, or V8's.
  const vague = kind === 'kept' || kind === 'unknown' || kind === 'cache';
  const byRunner = steps.some(({ node, owner }) => node === 'ModuleWrap' || owner === 'runner');
  // Jest runs tests in an async context of its own, so what is made once and for all, like Node's resolver, keeps the first file.
  const isRunners =
    runsFiles || kind === 'async-context' || (byRunner && (place ? kind === 'patched-global' || kind === 'kept' : vague));
  if (cache > 0) [kind, what] = ['runner', `V8's inline caches of ${label(steps, cache - 1)}, until they see another`];
  else if (isRunners) [kind, what] = ['runner', `the test runner itself (${what})`];
  const url = place && path.relative(rootDir || process.cwd(), plainUrl(place.url));
  const shown = steps.slice(Math.max(0, entry - 6), entry + 1).map((step) => ({
    edge: step.edge,
    node: step.node || '(anonymous)()',
    type: step.type,
    location: step.location || undefined,
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

module.exports = { explain };
