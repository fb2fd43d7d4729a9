'use strict';
// What the options change in a snapshot.

const assert = require('assert');
const fs = require('fs');
const { test } = require('node:test');
const { INVALID, capabilities, failsWith, folder, leakwatch, passes, readSnapshot } = require('./helper');

test('exposeNumericValues brings numbers', (t) => {
  const directory = folder(t);
  // Worked out, so that no source text holds it.
  const holder = { measured: Math.sqrt(1e13) };
  const has = (options) => {
    const { strings } = readSnapshot(leakwatch.writeSnapshot(directory, options));
    return strings.some((text) => text.length < 20 && Number(text) === holder.measured);
  };
  assert.deepStrictEqual([has({}), has({ exposeNumericValues: true })], [false, true]);
});

test('ids are kept only when asked for, and an object keeps its id then', async (t) => {
  // In a child: earlier snapshots of this process would have given ids out.
  const directory = folder(t);
  await passes(`
    const { readSnapshot } = require(ROOT + '/__test__/contract/helper.js');
    class Marked { constructor() { this.self = 1; } }
    const kept = new Marked();
    const idOf = (options) => {
      const { snapshot: { meta }, nodes, strings } = readSnapshot(leakwatch.writeSnapshot(${JSON.stringify(directory)}, options));
      const width = meta.node_fields.length;
      const field = (name) => meta.node_fields.indexOf(name);
      const object = meta.node_types[0].indexOf('object');
      for (let at = 0; at < nodes.length; at += width) {
        if (nodes[at] === object && strings[nodes[at + field('name')]] === 'Marked' && nodes[at + field('edge_count')] > 1) return nodes[at + field('id')];
      }
    };
    const first = idOf({ keepIds: true });
    // Something to push ids apart, were they given out anew.
    global.more = Array.from({ length: 50000 }, (_, i) => ({ i }));
    const second = idOf({ keepIds: true });
    assert.ok(first > 0 && first === second, first + ' ' + second);
    assert.ok(kept);
  `);
});

test("mode: 'inline' captures here; 'auto' in a copy of the process where there is one", async (t) => {
  const directory = folder(t);
  const inline = await leakwatch.promises.writeSnapshot(directory, { mode: 'inline', redact: false });
  assert.strictEqual(inline.mode, 'inline');
  const auto = await leakwatch.promises.writeSnapshot(directory, { mode: 'auto', niceness: 0 });
  // A copy may fail without anybody's fault; then it is said why.
  const expected = capabilities.fork.native && !auto.fallback ? 'fork' : 'inline';
  assert.strictEqual(auto.mode, expected, auto.fallback);
  const before = fs.readdirSync(directory);
  assert.throws(() => leakwatch.writeSnapshot(directory, { mode: 'fork' }), failsWith('ERR_LEAKWATCH_UNAVAILABLE'));
  const keepIds = leakwatch.promises.writeSnapshot(directory, { mode: 'fork', keepIds: true });
  await assert.rejects(keepIds, failsWith(capabilities.fork.native ? INVALID : 'ERR_LEAKWATCH_UNAVAILABLE'));
  assert.deepStrictEqual(fs.readdirSync(directory), before);
});
