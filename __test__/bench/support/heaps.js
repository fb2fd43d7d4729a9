'use strict';
// Heaps to take snapshots of. They run on every Node that leakwatch supports.

const v8 = require('v8');

function used() {
  return v8.getHeapStatistics().used_heap_size;
}

/** Sessions as a service keeps them: objects, strings, arrays, maps, closures, numbers. */
function session(id) {
  const items = [];
  for (let i = 0; i < 6; i++) items.push({ sku: `sku-${id}-${i}`, price: id * 1.5 + i, count: i });
  return {
    id,
    user: { name: `user ${id}`, mail: `user${id}@example.org`, roles: ['reader', `group-${id % 50}`] },
    items,
    seen: new Map([[id, `page ${id}`], [`last ${id}`, id]]),
    body: `${id}:`.padEnd(400, 'payload '),
    load: Array.from({ length: 400 }, (_, i) => id + i * 0.1),
    total: () => items.length + id,
  };
}

/** Keeps sessions until about `bytes` are in use. */
function fill(bytes) {
  const heap = [];
  for (let id = 0; ; id++) {
    heap.push(session(id));
    if (id % 1000 === 0 && used() >= bytes) return heap;
  }
}

/**
 * `count` instances of classes from one script of about `sourceBytes`: V8 looks
 * up the line of each one's constructor, which lies far down in the source.
 */
function classHeap(count, sourceBytes) {
  const vm = require('vm');
  const parts = [];
  let size = 0;
  for (let at = 0; size < sourceBytes; at++) {
    // About 2 KB each, as in a bundle; few enough not to be the heap themselves.
    const methods = [];
    for (let m = 0; m < 12; m++) {
      methods.push(`  method${m}(given) {\n    const { id, name } = this;\n`);
      methods.push(`    if (given > ${m}) return name + id + given;\n`);
      methods.push(`    return this.method${(m + 1) % 12}(given + ${at % 7} + name.length);\n  }\n`);
    }
    const constructor = "  constructor(id) {\n    this.id = id;\n    this.name = 'model';\n  }\n";
    const text = `class Model${at} {\n${constructor}${methods.join('')}}\nclasses.push(Model${at});\n`;
    parts.push(text);
    size += text.length;
  }
  const source = `(function () {\nconst classes = [];\n${parts.join('')}return classes;\n})()`;
  const classes = vm.runInThisContext(source, { filename: 'models.js' });
  const heap = [];
  for (let id = 0; id < count; id++) heap.push(new classes[(id * 7919) % classes.length](id));
  return { heap, sourceBytes: source.length };
}

module.exports = { classHeap, fill, used };
