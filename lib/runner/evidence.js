'use strict';
// What one snapshot says about the environments in it.

const { readHeapGraph } = require('./heap-graph');
const { retainers } = require('./retainers');
const { entryOf, explain, isTheirs } = require('./reasons');

/** Things looked at around a holder before giving up on a place in someone's own code. */
const NEARBY = 400;
const NOT_INTO = new Set(['context', '__proto__', 'constructor', 'map', 'shared', 'native_context', 'global_proxy_object']);

/** Whether the timer on the path fires once: `_repeat` of such a one is null. */
function isOneShot(graph, steps) {
  // Timers hang on one another: the last of them is the one that holds the environment.
  const timer = steps.filter(({ node }) => node === 'Timeout').pop();
  if (!timer) return false;
  const repeat = graph.follow(timer.index, '_repeat');
  return repeat >= 0 && graph.name(repeat) === 'null';
}

/** A function of someone's own near the holder, for a handle whose path has none. */
function nearbyLocation(graph, steps) {
  const from = steps[Math.max(entryOf(steps) - 1, 0)];
  const seen = new Set([from.index]);
  const queue = [from.index];
  for (let at = 0; at < queue.length && queue.length < NEARBY; at++) {
    const node = queue[at];
    for (let edge = graph.firstEdges[node]; edge < graph.firstEdges[node + 1]; edge++) {
      const type = graph.edgeType(edge);
      if (type !== 'property' && type !== 'element' && type !== 'context') continue;
      if (type === 'property' && NOT_INTO.has(graph.edgeName(edge))) continue;
      const to = graph.edgeTarget(edge);
      if (seen.has(to)) continue;
      seen.add(to);
      const location = graph.type(to) === 'closure' ? graph.location(to) : undefined;
      if (location && !isTheirs(location.url)) return location;
      if (graph.type(to) === 'object') queue.push(to);
    }
  }
  return undefined;
}

/** Explanations by label of the environments that stay behind. */
function explainSnapshot(file, labels, { rootDir } = {}) {
  const graph = readHeapGraph(file);
  const out = new Map();
  for (const [label, { steps, through }] of retainers(graph, labels)) {
    if (steps.length === 0) continue;
    if (through !== undefined) {
      out.set(label, { kind: 'through', through });
      continue;
    }
    const location = nearbyLocation(graph, steps);
    const reason = explain(steps, { rootDir, oneShot: isOneShot(graph, steps), location });
    if (reason) out.set(label, reason);
  }
  return out;
}

module.exports = { explainSnapshot };
