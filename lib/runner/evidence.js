'use strict';
// What one snapshot says about the environments in it.

const { readHeapGraph } = require('./heap-graph');
const { retainers } = require('./retainers');
const { ASYNC_CONTEXT, entryOf, explain, isTheirs } = require('./reasons');

/** Things looked at around a holder before giving up on a place in someone's own code. */
const NEARBY = 400;
const BUILTIN = new Set(['BuiltinModule', 'NativeModule']);
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
      const name = graph.edgeName(edge);
      if (type === 'property' && (NOT_INTO.has(name) || ASYNC_CONTEXT.test(name))) continue;
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

/** The names of Node's own modules by the nodes of what they export. */
function moduleNames(graph) {
  const names = new Map();
  for (let node = 0; node < graph.nodeCount; node++) {
    if (graph.type(node) !== 'object' || !BUILTIN.has(graph.name(node))) continue;
    const id = graph.follow(node, 'id');
    const exported = graph.follow(node, 'exports');
    if (id >= 0 && exported >= 0) names.set(exported, graph.text(id));
  }
  return names;
}

/** Explanations by label of the environments that stay behind. */
function explainSnapshot(file, labels, { rootDir } = {}) {
  const graph = readHeapGraph(file);
  const out = new Map();
  const names = moduleNames(graph);
  for (const [label, { steps, through }] of retainers(graph, labels)) {
    if (steps.length === 0) continue;
    if (through !== undefined) {
      out.set(label, { kind: 'through', through });
      continue;
    }
    const location = nearbyLocation(graph, steps);
    const reason = explain(steps, { rootDir, oneShot: isOneShot(graph, steps), location, names });
    if (reason) out.set(label, reason);
  }
  return out;
}

module.exports = { explainSnapshot };
