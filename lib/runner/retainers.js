'use strict';
// What holds the environments of test files that are over: for each, the
// shortest chain of strong references from a root.

const { MARK } = require('./labels');
const { SAYS_LITTLE, isRunners, isTheirs } = require('./reasons');

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

/** Whether a function stands in someone's own code, asked once for each script. */
function ownCode(graph) {
  const known = new Map();
  return (node) => {
    const place = graph.locations.get(node);
    if (!place || graph.type(node) !== 'closure') return false;
    let own = known.get(place.scriptId);
    if (own === undefined) {
      const location = graph.location(node);
      own = location !== undefined && !isTheirs(location.url);
      known.set(place.scriptId, own);
    }
    return own;
  };
}

/**
 * Breadth first from the root; each node's edge on the shortest path to it. What explains more goes first: a way around the
 * tests' own functions; then one that is not just the async context
 * that something was made in; then one that is not through a cache;
 * and last one through another environment, which leads to everything in it.
 */
function shortestPaths(graph, environments) {
  const { edges, edgeWidth, edgeField, edgeTypes, firstEdges, nodeCount } = graph;
  const via = new Int32Array(nodeCount).fill(-1);
  const parent = new Int32Array(nodeCount).fill(-1);
  const queue = new Int32Array(nodeCount);
  const weak = edgeTypes.indexOf('weak');
  const internal = edgeTypes.indexOf('internal');
  const hidden = edgeTypes.indexOf('hidden');
  const element = edgeTypes.indexOf('element');
  const isEphemeron = memo(graph, (text) => EPHEMERON.test(text));
  // What was looked at in this very turn, by us.
  const isOurs = memo(graph, (text) => text === 'weak_refs_keep_during_job');
  // Where V8 keeps what the object's own properties and elements lead to as well, by their names.
  const isStore = memo(graph, (text) => text === 'properties' || text === 'elements');
  const saysLittle = memo(graph, (text) => SAYS_LITTLE.test(text));
  // Before Node 18 what they point to looks like any other hidden reference.
  const isWeakRef = memo(graph, (text) => text === 'WeakRef');
  const isInventory = memo(graph, (text) => INVENTORIES.has(text));
  const isCache = memo(graph, (text) => CACHES.has(text));
  const isOwn = ownCode(graph);
  let head = 0;
  let tail = 0;
  const functions = [];
  const doors = [];
  // Ways into environments, of which the one that says most is taken once all of the program's own functions were followed.
  const entrances = [];
  let choosing = true;
  const lastResorts = [];
  const caches = [];
  let pairs = [];
  const reach = (from, edge, to) => {
    parent[to] = from;
    via[to] = edge;
    if (isCache(graph.nameIndex(to))) caches.push(to);
    else if (environments.has(to)) enter(to);
    else if (isOwn(to)) functions.push(to);
    else queue[tail++] = to;
  };
  // The context of a realm is as good as its global object; everything else in it has to wait.
  const enter = (door) => {
    doors.push(door);
    const link = environments.get(door);
    if (link !== undefined && parent[graph.edgeTarget(link)] < 0) reach(door, link, graph.edgeTarget(link));
  };
  const walk = (node) => {
    const name = graph.nameIndex(node);
    if (isInventory(name)) return;
    const weakRef = isWeakRef(name);
    for (let edge = firstEdges[node]; edge < firstEdges[node + 1]; edge++) {
      const at = edge * edgeWidth;
      const type = edges[at + edgeField.type];
      if (type === weak || (weakRef && type === hidden)) continue;
      const to = edges[at + edgeField.to_node] / graph.nodeWidth;
      if (parent[to] >= 0) continue;
      if (choosing && environments.has(to)) {
        entrances.push({ node, edge, to });
        continue;
      }
      const edgeName = type === element || type === hidden ? undefined : edges[at + edgeField.name_or_index];
      if (saysLittle(graph.nameIndex(to))) lastResorts.push({ node, edge, to });
      else if (edgeName === undefined) reach(node, edge, to);
      else if (type === internal && (isOurs(edgeName) || isStore(edgeName))) continue;
      else if (type === internal && isEphemeron(edgeName)) pairs.push({ node, edge, to });
      else if (saysLittle(edgeName)) lastResorts.push({ node, edge, to });
      else reach(node, edge, to);
    }
  };
  /** 0: held by a function of the program's own; 1: by something of nobody's; 2: by the runner, which may let go yet. */
  const rank = (node) => {
    let best = 1;
    for (let at = node; at !== 0; at = parent[at]) {
      const location = graph.locations.has(at) ? graph.location(at) : undefined;
      if (!location) continue;
      if (isRunners(location.url)) return 2;
      if (!isTheirs(location.url)) best = 0;
    }
    return best;
  };
  const choose = () => {
    choosing = false;
    const ranked = entrances.map((entrance) => ({ ...entrance, rank: rank(entrance.node) })).sort((a, b) => a.rank - b.rank);
    for (const { node, edge, to } of ranked) if (parent[to] < 0) reach(node, edge, to);
  };
  const drain = () => {
    for (;;) {
      while (head < tail) walk(queue[head++]);
      const own = functions.splice(0);
      if (own.length > 0) {
        own.forEach(walk);
        continue;
      }
      if (choosing) {
        choose();
        continue;
      }
      const late = lastResorts.splice(0).filter(({ to }) => parent[to] < 0);
      if (late.length === 0) return;
      for (const { node, edge, to } of late) if (parent[to] < 0) reach(node, edge, to);
    }
  };
  const settle = () => {
    drain();
    for (let more = true; more; ) {
      caches.splice(0).forEach(walk);
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
  };
  parent[0] = 0;
  queue[tail++] = 0;
  settle();
  // Only now into the environments, and through them to those that nothing else holds.
  while (doors.length > 0) {
    doors.splice(0).forEach(walk);
    settle();
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
    const environment = reference < 0 ? -1 : targetOf(graph, reference);
    if (label >= 0 && environment >= 0) found.push({ label: graph.text(label), environment });
  }
  return found;
}

/** What a WeakRef points to; an edge without a name before Node 18. */
function targetOf(graph, reference) {
  const target = graph.follow(reference, 'target');
  if (target >= 0) return target;
  for (let edge = graph.firstEdges[reference]; edge < graph.firstEdges[reference + 1]; edge++) {
    if (graph.edgeType(edge) === 'hidden') return graph.edgeTarget(edge);
  }
  return -1;
}

/**
 * The nodes by which everything of a realm is reached: its global object, and its native context with the edge that leads
 * from there to the global object.
 */
function doorsOf(graph, targets) {
  const doors = new Map(targets.map(({ environment }) => [environment, undefined]));
  const isContext = memo(graph, (text) => text === 'system / NativeContext');
  for (let node = 0; node < graph.nodeCount; node++) {
    if (!isContext(graph.nameIndex(node))) continue;
    for (let edge = graph.firstEdges[node]; edge < graph.firstEdges[node + 1]; edge++) {
      if (graph.edgeType(edge) !== 'internal' || !doors.has(graph.edgeTarget(edge))) continue;
      if (!/^global_proxy/.test(graph.edgeName(edge))) continue;
      doors.set(node, edge);
      break;
    }
  }
  return doors;
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
  const paths = shortestPaths(graph, doorsOf(graph, targets));
  const contexts = new Map(targets.map(({ label, environment }) => [environment, label]));
  for (const { label, environment } of targets) {
    const steps = pathTo(graph, paths, environment);
    out.set(label, { steps, through: throughOther(graph, steps, contexts) });
  }
  return out;
}

module.exports = { retainers };
