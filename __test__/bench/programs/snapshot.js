'use strict';
// Snapshots of one heap, alternately by V8 alone (to nowhere) and by leakwatch.
//
// {bytes, pairs, folder, reference}: milliseconds of each, and what they came to.

const fs = require('fs');
const path = require('path');
const { args, leakwatch, main, now, undisturbed } = require('../support/program');
const { fill, used } = require('../support/heaps');

const reference = args.reference && require(args.reference);

/** The difference to the whole is the cleaning up, which is not V8's price for a snapshot. */
async function v8Alone() {
  const { value, ms, ownMs } = await undisturbed(() => reference.reference());
  const { buildMs, serializeMs, deleteMs, clearMs, lineEndsMs } = value;
  const rest = deleteMs + clearMs + lineEndsMs;
  const share = (buildMs + serializeMs) / (buildMs + serializeMs + rest);
  return Object.assign(value, { ms: ms - rest, ownMs: ownMs * share });
}

/** The inspector with every chunk dropped: the nearest that JavaScript gets. */
async function inspector() {
  const { Session } = require('inspector');
  const session = new Session();
  session.connect();
  const { ms, ownMs } = await undisturbed(() => session.post('HeapProfiler.takeHeapSnapshot', {}));
  // This ends the object ids, as leakwatch does.
  session.post('HeapProfiler.enable');
  session.post('HeapProfiler.disable');
  session.disconnect();
  return { ms, ownMs };
}

async function ours(tool) {
  const file = path.join(args.folder, 'ours.heapsnapshot');
  const { value, ms, ownMs } = await undisturbed(() => tool.promises.writeSnapshot(file, { force: true }));
  fs.unlinkSync(file);
  // Waiting for the file is no part of the pause, so what was lost to others then is not either.
  return { ms, ownMs, pauseMs: value.pauseMs, ownPauseMs: value.pauseMs - (ms - ownMs), bytes: value.bytes };
}

/** What the disk asks for as many bytes, by the plainest means. */
function disk(bytes) {
  const file = path.join(args.folder, 'plain');
  const chunk = Buffer.alloc(1 << 20, 'x');
  const start = now();
  const handle = fs.openSync(file, 'w');
  for (let left = bytes; left > 0; left -= chunk.length) fs.writeSync(handle, chunk, 0, Math.min(left, chunk.length));
  fs.fsyncSync(handle);
  fs.closeSync(handle);
  const ms = now() - start;
  fs.unlinkSync(file);
  return ms;
}

main(async () => {
  const heap = fill(args.bytes);
  const tool = leakwatch();
  // V8 grows tables in the first snapshot that the later ones find.
  const first = await ours(tool);
  const found = { ours: [], alone: [], inspector: [], disk: disk(first.bytes), used: used() };
  for (let i = 0; i < args.pairs; i++) {
    if (reference && i % 2 === 0) found.alone.push(await v8Alone());
    found.ours.push(await ours(tool));
    if (reference && i % 2 === 1) found.alone.push(await v8Alone());
    if (i < args.inspectors) found.inspector.push(await inspector());
  }
  found.kept = heap.length;
  return found;
});
