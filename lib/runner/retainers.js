'use strict';
// What holds the environments of test files that are over: for each, the
// shortest chain of strong references from a root.

const { MARK } = require('./labels');

/** `… part of key (K) -> value (V) pair in WeakMap (table @N)`: no hold without both the key and the table. */
const EPHEMERON = / part of key .* pair in WeakMap \(table @(\d+)\)$/;

/** Lists of everything there is, which keep nothing; and caches, which keep a thing only if nobody else does. */
const INVENTORIES = new Set(['Node / CleanupQueue', 'Node / Realm', 'Node / PrincipalRealm', '(Weak global handles)', '(Weak roots)']);
const CACHES = new Set(['(Compilation cache)', '(Eternal handles)', '(Stack roots)', '(Handle scope)', '(Micro tasks)']);

/** Answers whether the string of an index matches, once for each string. */
function memo(graph, matches) {
  const known = new Map();
  return (index) => {
    let answer = known.get(index);
    if (answer === undefined) {
      answer = matches(graph.string(index));
      known.set(index, answer);
    }
    return answer;
  };
}

/** Breadth first from the root; each node's edge on the shortest path to it. */
function shortestPaths(graph) {
  const { edges, edgeWidth, edgeField, edgeTypes, firstEdges, nodeCount } = graph;
  const via = new Int32Array(nodeCount).fill(-1);
  const parent = new Int32Array(nodeCount).fill(-1);
  const queue = new Int32Array(nodeCount);
  const weak = edgeTypes.indexOf('weak');
  const internal = edgeTypes.indexOf('internal');
  const isEphemeron = memo(graph, (text) => EPHEMERON.test(text));
  const isInventory = memo(graph, (text) => INVENTORIES.has(text));
  // What was looked at in this very turn, by us.
  const isOurs = memo(graph, (text) => text === 'weak_refs_keep_during_job');
  const isCache = memo(graph, (text) => CACHES.has(text));
  let head = 0;
  let tail = 0;
  const caches = [];
  let pairs = [];
  const reach = (from, edge, to) => {
    parent[to] = from;
    via[to] = edge;
    if (isCache(graph.nameIndex(to))) caches.push(to);
    else queue[tail++] = to;
  };
  const walk = (node) => {
    if (isInventory(graph.nameIndex(node))) return;
    for (let edge = firstEdges[node]; edge < firstEdges[node + 1]; edge++) {
      const at = edge * edgeWidth;
      const type = edges[at + edgeField.type];
      if (type === weak) continue;
      const to = edges[at + edgeField.to_node] / graph.nodeWidth;
      if (parent[to] >= 0 || (type === internal && isOurs(edges[at + edgeField.name_or_index]))) continue;
      if (type === internal && isEphemeron(edges[at + edgeField.name_or_index])) pairs.push({ node, edge, to });
      else reach(node, edge, to);
    }
  };
  const drain = () => {
    while (head < tail) walk(queue[head++]);
  };
  parent[0] = 0;
  queue[tail++] = 0;
  drain();
  for (let more = true; more; ) {
    for (const cache of caches.splice(0)) walk(cache);
    drain();
    const waiting = pairs.filter(({ to }) => parent[to] < 0);
    const tables = tableNodes(graph, waiting);
    pairs = [];
    more = false;
    for (const pair of waiting) {
      const table = tables.get(tableId(graph, pair.edge));
      // The table itself leads to its values as well; only a key does so rightfully.
      if (table === pair.node || parent[pair.to] >= 0) continue;
      if (table !== undefined && parent[table] >= 0) {
        reach(pair.node, pair.edge, pair.to);
        more = true;
      } else {
        pairs.push(pair);
      }
    }
    drain();
  }
  return { parent, via };
}

const tableId = (graph, edge) => Number(EPHEMERON.exec(graph.edgeName(edge))[1]);

/** The nodes of weak maps' tables, by their ids. */
function tableNodes(graph, pairs) {
  const wanted = new Set(pairs.map(({ edge }) => tableId(graph, edge)));
  const found = new Map();
  if (wanted.size === 0) return found;
  for (let node = 0; node < graph.nodeCount; node++) {
    const id = graph.nodes[node * graph.nodeWidth + graph.nodeField.id];
    if (wanted.has(id)) found.set(id, node);
  }
  return found;
}

/** The steps from the root to `node`; empty if nothing strong leads there. */
function pathTo(graph, { parent, via }, node) {
  const steps = [];
  if (parent[node] < 0) return steps;
  for (let at = node; at !== 0; at = parent[at]) {
    steps.push({
      index: at,
      edge: graph.edgeName(via[at]),
      edgeType: graph.edgeType(via[at]),
      node: graph.name(at),
      type: graph.type(at),
      location: graph.location(at),
    });
  }
  return steps.reverse();
}

/** Where in the snapshot the marked environments are: `{label, environment}`. */
function marked(graph) {
  const found = [];
  const isMark = memo(graph, (text) => text === MARK);
  for (let node = 0; node < graph.nodeCount; node++) {
    if (!isMark(graph.nameIndex(node)) || graph.type(node) !== 'object') continue;
    const label = graph.follow(node, 'label');
    const reference = graph.follow(node, 'environment');
    const environment = reference < 0 ? -1 : graph.follow(reference, 'target');
    if (label >= 0 && environment >= 0) found.push({ label: graph.text(label), environment });
  }
  return found;
}

/** The label of another environment that the path leads through; it will let go of this one when it goes itself. */
function throughOther(graph, steps, environments) {
  for (const { index, node } of steps.slice(0, -2)) {
    if (environments.has(index)) return environments.get(index);
    if (node !== 'system / NativeContext') continue;
    const proxy = graph.follow(index, 'global_proxy_object', 'global_proxy');
    if (environments.has(proxy) && proxy !== steps[steps.length - 1].index) return environments.get(proxy);
  }
  return undefined;
}

/** Paths to the environments whose labels are asked for: a Map from label to `{steps, through?}`. */
function retainers(graph, labels) {
  const wanted = new Set(labels);
  const targets = marked(graph).filter(({ label }) => wanted.has(label));
  const out = new Map();
  if (targets.length === 0) return out;
  const paths = shortestPaths(graph);
  const contexts = new Map(targets.map(({ label, environment }) => [environment, label]));
  for (const { label, environment } of targets) {
    const steps = pathTo(graph, paths, environment);
    out.set(label, { steps, through: throughOther(graph, steps, contexts) });
  }
  return out;
}

module.exports = { retainers };
