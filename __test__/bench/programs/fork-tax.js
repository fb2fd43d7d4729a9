'use strict';
// CPU of an allocation loop before captures in copies, after them, and after V8's own snapshot;
// and whether a file from a copy and one from here hold the same.
//
// {bytes, captures, loops, folder}

const fs = require('fs');
const path = require('path');
const { args, leakwatch, main } = require('../support/program');
const { fill } = require('../support/heaps');
const { loop } = require('../support/allocation');

/**
 * How many objects the files do not share, of how many: by constructor, count
 * and size. The call itself has some, and V8 compiles functions meanwhile.
 */
async function differences(tool, one, other) {
  const of = async (file) => {
    const { classes } = await tool.summarize(file, { topClasses: 0 });
    return new Map(classes.map(({ name, count, shallow }) => [name, { count, shallow }]));
  };
  const [a, b] = [await of(one), await of(other)];
  const none = { count: 0, shallow: 0 };
  const found = { classes: b.size, differ: [], objects: 0, of: 0 };
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(name) || none, b.get(name) || none];
    found.of += y.count;
    found.objects += Math.abs(x.count - y.count);
    if (x.count !== y.count || x.shallow !== y.shallow) found.differ.push(`${name} ${x.count} and ${y.count}`);
  }
  return found;
}

main(async () => {
  const heap = fill(args.bytes);
  const tool = leakwatch();
  const [forked, inline] = ['forked', 'inline'].map((name) => path.join(args.folder, name));
  const times = (count) => Array.from({ length: count }, () => loop());
  const settled = () => {
    tool.gc();
    times(1);
    return times(args.loops);
  };
  times(2);
  const before = settled();
  for (let i = 0; i < args.captures; i++) await tool.promises.writeSnapshot(forked, { mode: 'fork', niceness: 0, force: true });
  const after = settled();
  // Right after each other, so that nothing but the captures happens in between.
  await tool.promises.writeSnapshot(forked, { mode: 'fork', niceness: 0, force: true });
  tool.writeSnapshot(inline, { force: true });
  const differ = await differences(tool, forked, inline);
  require('v8').writeHeapSnapshot(inline);
  const taxed = settled();
  for (const file of [forked, inline]) fs.unlinkSync(file);
  return { before, after, taxed, differ, kept: heap.length };
});
