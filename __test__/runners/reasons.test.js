'use strict';

// What a chain from the root to a test file's global object is called. The chains are those of real snapshots, cut short.

const { test } = require('node:test');
const assert = require('node:assert');
const { explain } = require('../../lib/runner/reasons');

const PROGRAM = '/project/';
const RUNNER = '/project/node_modules/jest';
const ownerOf = ({ url }) => (url.startsWith(RUNNER) ? 'runner' : url.startsWith(PROGRAM) ? 'program' : 'node');

/** One link, as the addon tells it. */
const step = (edgeType, edge, node, location) => ({
  edgeType,
  edge,
  node,
  type: location ? 'closure' : 'object',
  structural: edgeType === 'internal' && /^(context|global_proxy_object)$/.test(edge),
  location: location || null,
  owner: location ? ownerOf(location) : null,
});
const at = (url, line) => ({ url, line, column: 1 });
const GLOBAL = step('internal', 'global_proxy_object', 'Object');

const explained = (steps, nearby = null) => {
  const entry = steps.length - 1 - [...steps].reverse().findIndex(({ structural }) => !structural);
  return explain({ steps, entry, oneShot: false, nearby }, { rootDir: '/project' });
};

const listener = (location) => [
  step('element', '26', 'process'),
  step('property', '_events', 'Object'),
  step('property', 'uncaughtException', 'onError', location),
  step('internal', 'context', 'system / Context'),
  GLOBAL,
];

test("a listener of the test's own is a leak, with its place", () => {
  const { kind, what, location } = explained(listener(at('/project/a.test.js', 7)));
  assert.strictEqual(kind, 'listener');
  assert.match(what, /a listener for 'uncaughtException' on process/);
  assert.deepStrictEqual(location, at('/project/a.test.js', 7));
});

test('a listener that Jest forgot, for a file that could not be loaded, is the runner\'s', () => {
  const { kind, location } = explained(listener(at('/project/node_modules/jest-circus/build/jestAdapterInit.js', 478)), at('/project/other.js', 1));
  assert.strictEqual(kind, 'runner');
  assert.strictEqual(location, undefined);
});

test("a mock function of Jest's that a test listens with is the test's", () => {
  assert.strictEqual(explained(listener(at('/project/node_modules/jest-mock/build/index.js', 100))).kind, 'listener');
});

test("what V8's inline caches saw last is nobody's leak", () => {
  const steps = [
    step('element', '3', 'Node / Environment'),
    step('property', 'prepare_stack_trace_callback', 'prepareStackTrace', at('node:internal/errors', 90)),
    step('internal', 'feedback_cell', 'system / FeedbackCell'),
    step('internal', 'value', 'system / FeedbackVector'),
    step('hidden', '14', 'system / LoadHandler'),
    step('hidden', '1', 'getFunctionName', at('/project/a.test.js', 1)),
    step('internal', 'context', 'system / NativeContext'),
    GLOBAL,
  ];
  const { kind, what } = explained(steps);
  assert.strictEqual(kind, 'runner');
  assert.match(what, /V8's inline caches/);
});

test('nor on Node 14, where their cells have no name of their own', () => {
  const steps = [
    step('element', '31', 'Signal'),
    step('property', 'onsignal', 'native_bind'),
    step('internal', 'bound_function', 'emit', at('events.js', 349)),
    step('internal', 'feedback_cell', 'system'),
    step('internal', 'value', 'system'),
    step('hidden', '34', 'system'),
    step('hidden', '1', 'apply'),
    GLOBAL,
  ];
  assert.strictEqual(explained(steps).kind, 'runner');
});
