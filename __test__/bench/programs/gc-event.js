'use strict';
// Forces GCs in blocks, one a turn of the event loop, with a watcher on and off.
//
// {watcher, kind: 'minor' | 'major', events, pairs}: CPU microseconds and bytes
// of JavaScript garbage per event for each block, off and on.

const v8 = require('v8');
const { args, cpuMicros, leakwatch, main, turn } = require('../support/program');

/** `on` and `off`; without `off` the tool cannot be taken out again. */
const WATCHERS = {
  none: () => ({ on: () => {}, off: () => {} }),
  leakwatch() {
    const tool = leakwatch();
    return { on: () => tool.start(), off: () => tool.stop() };
  },
  'leakwatch, listening'() {
    const tool = leakwatch();
    let seen = 0;
    const listener = (gc) => {
      seen += gc.duration;
    };
    return {
      on: () => tool.start().on('gc', listener),
      off: () => {
        tool.start().removeListener('gc', listener);
        tool.stop();
        return seen;
      },
    };
  },
  PerformanceObserver() {
    const { PerformanceObserver } = require('perf_hooks');
    let seen = 0;
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen += entry.duration;
    });
    return {
      on: () => observer.observe({ entryTypes: ['gc'] }),
      off: () => {
        observer.disconnect();
        return seen;
      },
    };
  },
  'gc-stats'() {
    let seen = 0;
    return {
      on: () => require('gc-stats')().on('stats', (stats) => {
        seen += stats.pauseMS;
        return seen;
      }),
    };
  },
  'prom-client'() {
    return { on: () => require('prom-client').collectDefaultMetrics() };
  },
};

const collect = args.kind === 'minor' ? () => global.gc({ type: 'minor' }) : () => global.gc();

/** Grows in the young generation by whatever is allocated, to the byte. */
function used() {
  return v8.getHeapStatistics().used_heap_size;
}

async function cpuBlock(events) {
  await turn();
  const start = process.cpuUsage();
  for (let i = 0; i < events; i++) {
    collect();
    await turn();
  }
  return cpuMicros(start) / events;
}

async function garbageBlock(events) {
  await turn();
  let bytes = 0;
  for (let i = 0; i < events; i++) {
    collect();
    const before = used();
    await turn();
    await turn();
    bytes += used() - before;
  }
  return bytes / events;
}

main(async () => {
  const watcher = WATCHERS[args.watcher]();
  const sides = { off: { cpu: [], garbage: [] }, on: { cpu: [], garbage: [] } };
  const block = async (side) => {
    sides[side].cpu.push(await cpuBlock(args.events));
    // A full GC's events are handed on in the same way as a minor one's.
    if (args.kind === 'minor') sides[side].garbage.push(await garbageBlock(args.events >> 2));
  };
  // Code is compiled and optimised before it counts, the watcher's as well
  // where it can be taken out again.
  for (let i = 0; i < 3; i++) {
    if (watcher.off) watcher.on();
    await cpuBlock(args.events);
    if (args.kind === 'minor') await garbageBlock(args.events >> 1);
    if (watcher.off) watcher.off();
  }
  if (watcher.off) {
    for (let i = 0; i < args.pairs; i++) {
      // Which comes first changes, so that a drift does not count as a cost.
      for (const side of i % 2 ? ['on', 'off'] : ['off', 'on']) {
        if (side === 'on') watcher.on();
        await block(side);
        if (side === 'on') watcher.off();
      }
    }
  } else {
    for (let i = 0; i < args.pairs; i++) await block('off');
    watcher.on();
    await cpuBlock(args.events);
    for (let i = 0; i < args.pairs; i++) await block('on');
  }
  return sides;
});
