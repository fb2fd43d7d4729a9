'use strict';

// What a chain from the root to a test file's global object is called. The chains are those of real snapshots, cut short.

const { test } = require('node:test');
const assert = require('node:assert');
const { explain } = require('../../lib/runner/reasons');

const step = (edgeType, edge, node, location) => ({ edgeType, edge, node, type: location ? 'closure' : 'object', location, owner: location && ownerOf(location.url) });
const ownerOf = (url) => (/node_modules/.test(url) ? 'runner' : url.startsWith('node:') ? 'node' : 'program');
/** As the analysis tells it: the entry is the last step that is not just the way things of one realm lead to its global object. */
const explained = (steps, nearby) => explain({ steps, entry: steps.findIndex(({ structural }) => structural) - 1, oneShot: false, nearby }, { rootDir: '/project' });
const at = (url, line) => ({ url, line, column: 1 });
const structural = (edge, node) => ({ ...step('internal', edge, node), structural: true });
const GLOBAL = structural('global_proxy_object', 'Object');
const listener = (location) => [
  step('element', '26', 'process'),
  step('property', '_events', 'Object'),
  step('property', 'uncaughtException', 'onError', location),
  structural('context', 'system / Context'),
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
