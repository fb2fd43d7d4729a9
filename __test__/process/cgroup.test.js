'use strict';
// Under a real memory limit: it is the copy that dies, never the service.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { child } = require('./copies');
const { assertNoRest, folder, needs, text, wholeFiles } = require('./helper');

const VERSIONS = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', unlimited: 'max', swap: 'memory.swap.max', usage: 'memory.current', kills: 'memory.events' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', unlimited: '-1', swap: 'memory.swappiness', usage: 'memory.usage_in_bytes', kills: 'memory.oom_control' },
];

/** A group of our own with a limit that can be set, or null; it must be `remove`d once it is empty. */
function made() {
  for (const version of VERSIONS) {
    const group = path.join(version.root, `leakwatch-test-${process.pid}`);
    const remove = () => {
      try {
        fs.rmdirSync(group);
      } catch (_) {
        // The system has not seen its last process off yet; an empty group costs nothing.
      }
    };
    try {
      fs.mkdirSync(group);
    } catch (_) {
      // Not ours to make: no such version, or not root.
      continue;
    }
    try {
      fs.writeFileSync(path.join(group, version.limit), version.unlimited, { flag: 'r+' });
      return { ...version, group, remove };
    } catch (_) {
      // This version does not see to memory here.
      remove();
    }
  }
  return null;
}

const cgroup = needs('fork').skip ? null : made();
process.on('exit', () => cgroup && cgroup.remove());
const here = cgroup ? {} : { skip: needs('fork').skip || 'no memory cgroup can be made here: it takes root and a cgroup file system' };

/** Puts the child into the group, fills its heap, and leaves it a fraction of what a graph of that takes. */
const LIMITED = cgroup && `
const at = (name) => path.join(${text(cgroup.group)}, name);
const limit = (bytes) => fs.writeFileSync(at(${text(cgroup.limit)}), String(bytes));
const usage = () => Number(fs.readFileSync(at(${text(cgroup.usage)}), 'utf8'));
const kills = () => Number(/oom_kill (\\d+)/.exec(fs.readFileSync(at(${text(cgroup.kills)}), 'utf8'))[1]);
fs.writeFileSync(at('cgroup.procs'), String(process.pid));
try { fs.writeFileSync(at(${text(cgroup.swap)}), '0', { flag: 'r+' }); } catch (_) { /* There is none. */ }
globalThis.heap = Array.from({ length: 5e5 }, (_, n) => ({ n, next: { n } }));
leakwatch.gc();
limit(usage() + 100e6);
`;

test('too little is refused with the numbers; what is forced all the same ends the copy alone', here, async (t) => {
  const directory = folder(t);
  await child(`
    ${LIMITED}
    const refused = await leakwatch.promises.writeSnapshot(${text(directory)}).catch((error) => error);
    assert.strictEqual(refused.code, 'ERR_LEAKWATCH_NOT_ENOUGH_MEMORY', refused.message);
    assert.strictEqual(refused.limitedBy, 'cgroup');
    assert.ok(refused.needed > refused.available, refused.message);
    assert.strictEqual(kills(), 0);
    for (const [taking, begin] of Object.entries({
      file: () => leakwatch.promises.writeSnapshot(${text(directory)}, { mode: 'fork', force: true }),
      capture: () => leakwatch.promises.capture({ mode: 'fork', force: true }),
    })) {
      const before = kills();
      const error = await begin().catch((error) => error);
      assert.strictEqual(error.code, 'ERR_LEAKWATCH_NOT_ENOUGH_MEMORY', taking + ': ' + (error.message || error.path));
      assert.strictEqual(error.limitedBy, 'kernel');
      assert.ok(kills() > before, 'the kernel ended one');
      assert.deepStrictEqual(children(), []);
    }
    assert.deepStrictEqual(fs.readdirSync(${text(directory)}), []);
    limit(${text(cgroup && cgroup.unlimited)});
    await forked(${text(directory)});
    assert.strictEqual(globalThis.heap.length, 5e5);
  `);
  assert.strictEqual(wholeFiles(directory), 1);
  assertNoRest(directory);
});
