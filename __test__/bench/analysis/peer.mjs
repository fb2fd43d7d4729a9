// What another tool needs for the same: node peer.mjs devtools|memlab FILE loads one snapshot to retained sizes and
// classes, with two files compares them. Run in the folder of this file, where the tools are installed.
import { createRequire } from 'node:module';
import { devtools, load } from '../../devtools/devtools.mjs';

const require = createRequire(import.meta.url);
const [tool, first, second] = process.argv.slice(2);

const tools = {
  async devtools() {
    const code = await devtools();
    return async () => {
      const snapshot = await load(code, first);
      if (!second) return Object.keys(snapshot.aggregatesWithFilter({})).length;
      const next = await load(code, second);
      const base = snapshot.aggregatesForDiff(next.interfaceDefinitions?.() ?? '[]');
      return Object.keys(next.calculateSnapshotDiff('first', base)).length;
    };
  },
  async memlab() {
    const { findLeaksBySnapshotFilePaths } = require('@memlab/api');
    const { getFullHeapFromFile } = require('@memlab/heap-analysis');
    return async () => {
      // It wants a third snapshot, after the leak should be gone: the second, since all of it leaked.
      if (second) return (await findLeaksBySnapshotFilePaths(first, second, second)).length;
      let retained = 0;
      (await getFullHeapFromFile(first)).nodes.forEach((node) => { retained += node.retainedSize; });
      return retained;
    };
  },
};

const run = await tools[tool]();
const before = process.cpuUsage();
const start = Date.now();
const log = console.log;
console.log = () => {};
const result = await run();
const { user, system } = process.cpuUsage(before);
const rss = process.resourceUsage().maxRSS * 1024;
log(JSON.stringify({ cpu: (user + system) / 1e6, wall: (Date.now() - start) / 1e3, rss, result }));
process.exit(0);
