'use strict';
// Snapshots of one heap, alternately by V8 alone (to nowhere) and by leakwatch.
//
// {bytes, pairs, folder, reference}: milliseconds of each, and what they came to.

const fs = require('fs');
const path = require('path');
const { args, cpuMicros, leakwatch, main, now, send } = require('../support/program');
const { fill, used } = require('../support/heaps');

const reference = args.reference && require(args.reference);

function v8Alone() {
  const start = process.cpuUsage();
  const { buildMs, serializeMs, cleanupMs, lineEndsMs, nodes, bytes } = reference.reference();
  return { ms: buildMs + serializeMs, buildMs, serializeMs, cleanupMs, lineEndsMs, nodes, bytes, cpuMs: cpuMicros(start) / 1e3 };
}

/** The inspector with every chunk dropped: the nearest that JavaScript gets. */
function inspector() {
  const { Session } = require('inspector');
  const session = new Session();
  session.connect();
  const start = now();
  session.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  const ms = now() - start;
  // This ends the object ids, as leakwatch does.
  session.post('HeapProfiler.enable');
  session.post('HeapProfiler.disable');
  session.disconnect();
  return { ms };
}

async function ours(tool) {
  const file = path.join(args.folder, 'ours.heapsnapshot');
  const start = process.cpuUsage();
  const result = await tool.promises.writeSnapshot(file, { force: true });
  const cpuMs = cpuMicros(start) / 1e3;
  fs.unlinkSync(file);
  return { ms: result.totalMs, pauseMs: result.pauseMs, bytes: result.bytes, cpuMs };
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
  await send('filled', { used: used(), bytes: first.bytes });
  const found = { ours: [], alone: [], inspector: [], disk: disk(first.bytes), used: used() };
  for (let i = 0; i < args.pairs; i++) {
    if (reference && i % 2 === 0) found.alone.push(v8Alone());
    found.ours.push(await ours(tool));
    if (reference && i % 2 === 1) found.alone.push(v8Alone());
    if (i < args.inspectors) found.inspector.push(inspector());
  }
  found.kept = heap.length;
  return found;
});
