'use strict';
// A heap snapshot file as arrays of numbers: just enough to follow edges from
// the root. The engine behind diff() ranks what grew; here the question is what
// holds one object that is known beforehand.

const fs = require('fs');

const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const CLOSE = 93;
const QUOTE = 34;
const BACKSLASH = 92;

/** Reads `[1,2,3…]` that begins at `from` into `target`; returns where it ends. */
function numbers(bytes, from, target) {
  let at = from;
  let count = 0;
  for (;;) {
    let byte = bytes[at];
    while (byte !== MINUS && (byte < ZERO || byte > NINE)) {
      if (byte === CLOSE || byte === undefined) return at;
      byte = bytes[++at];
    }
    const negative = byte === MINUS;
    if (negative) byte = bytes[++at];
    let value = 0;
    while (byte >= ZERO && byte <= NINE) {
      value = value * 10 + byte - ZERO;
      byte = bytes[++at];
    }
    target[count++] = negative ? -value : value;
  }
}

/** Where each of `["a","b"…]` begins; strings are decoded when asked for. */
function stringStarts(bytes, from, count) {
  const starts = new Float64Array(count + 1);
  let at = from;
  let found = 0;
  while (at < bytes.length && bytes[at] !== CLOSE) {
    if (bytes[at] !== QUOTE) {
      at += 1;
      continue;
    }
    if (found < count) starts[found] = at;
    found += 1;
    at += 1;
    while (bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    at += 1;
  }
  return starts;
}

function stringAt(bytes, start) {
  let end = start + 1;
  while (bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
  return JSON.parse(bytes.toString('utf8', start, end + 1));
}

class HeapGraph {
  constructor(bytes) {
    const headEnd = bytes.indexOf('"nodes":[');
    if (headEnd < 0) throw new Error('not a heap snapshot');
    const head = bytes.toString('latin1', 0, headEnd).replace(/,\s*$/, '');
    const { meta, node_count: nodeCount, edge_count: edgeCount } = JSON.parse(`${head}}`).snapshot;
    this.bytes = bytes;
    this.nodeCount = nodeCount;
    this.nodeWidth = meta.node_fields.length;
    this.edgeWidth = meta.edge_fields.length;
    this.nodeTypes = meta.node_types[0];
    this.edgeTypes = meta.edge_types[0];
    this.nodeField = index(meta.node_fields);
    this.edgeField = index(meta.edge_fields);
    // Ids can exceed 32 bits in long-lived processes; nothing here reads them.
    this.nodes = new Uint32Array(nodeCount * this.nodeWidth);
    this.edges = new Uint32Array(edgeCount * this.edgeWidth);
    let at = numbers(bytes, headEnd + 9, this.nodes);
    at = numbers(bytes, bytes.indexOf('"edges":[', at) + 9, this.edges);
    const locationsAt = bytes.indexOf('"locations":[', at);
    const stringsAt = bytes.indexOf('"strings":[', locationsAt);
    const locations = [];
    numbers(bytes, locationsAt + 13, locations);
    this.locationWidth = meta.location_fields.length;
    this.locations = new Map();
    for (let i = 0; i < locations.length; i += this.locationWidth) {
      const [node, scriptId, line, column] = locations.slice(i, i + 4);
      this.locations.set(node / this.nodeWidth, { scriptId, line: line + 1, column: column + 1 });
    }
    this.strings = stringStarts(bytes, stringsAt + 11, this.countStrings());
    this.decoded = new Map();
    this.firstEdges = this.countEdges();
    this.scripts = undefined;
  }

  countStrings() {
    let last = 0;
    const { nodes, nodeWidth, nodeField, edges, edgeWidth, edgeField } = this;
    for (let i = nodeField.name; i < nodes.length; i += nodeWidth) if (nodes[i] > last) last = nodes[i];
    const named = this.namedEdges();
    for (let i = 0; i < edges.length; i += edgeWidth) {
      const name = edges[i + edgeField.name_or_index];
      if (named[edges[i]] && name > last) last = name;
    }
    return last + 1;
  }

  /** By edge type: whether `name_or_index` is a string. */
  namedEdges() {
    return this.edgeTypes.map((type) => type !== 'element' && type !== 'hidden');
  }

  countEdges() {
    const first = new Uint32Array(this.nodeCount + 1);
    let edge = 0;
    for (let node = 0; node < this.nodeCount; node++) {
      first[node] = edge;
      edge += this.nodes[node * this.nodeWidth + this.nodeField.edge_count];
    }
    first[this.nodeCount] = edge;
    return first;
  }

  string(at) {
    let text = this.decoded.get(at);
    if (text === undefined) {
      text = stringAt(this.bytes, this.strings[at]);
      this.decoded.set(at, text);
    }
    return text;
  }

  nameIndex(node) {
    return this.nodes[node * this.nodeWidth + this.nodeField.name];
  }

  name(node) {
    return this.string(this.nameIndex(node));
  }

  /** The text of a string; V8 does not join those that are still in parts. */
  text(node, depth = 0) {
    if (this.type(node) !== 'concatenated string' || depth > 32) return this.name(node);
    const parts = [this.follow(node, 'first'), this.follow(node, 'second')];
    return parts.map((part) => (part < 0 ? '' : this.text(part, depth + 1))).join('');
  }

  type(node) {
    return this.nodeTypes[this.nodes[node * this.nodeWidth + this.nodeField.type]];
  }

  edgeType(edge) {
    return this.edgeTypes[this.edges[edge * this.edgeWidth + this.edgeField.type]];
  }

  edgeName(edge) {
    const type = this.edgeType(edge);
    const value = this.edges[edge * this.edgeWidth + this.edgeField.name_or_index];
    return type === 'element' || type === 'hidden' ? String(value) : this.string(value);
  }

  edgeTarget(edge) {
    return this.edges[edge * this.edgeWidth + this.edgeField.to_node] / this.nodeWidth;
  }

  /** The first node that an edge of this name leads to; -1 if there is none. */
  follow(node, ...names) {
    for (let edge = this.firstEdges[node]; edge < this.firstEdges[node + 1]; edge++) {
      const type = this.edgeType(edge);
      if (type !== 'element' && type !== 'hidden' && names.includes(this.edgeName(edge))) return this.edgeTarget(edge);
    }
    return -1;
  }

  /** `{url, line, column}` of the function or constructor; undefined if it is not known. */
  location(node) {
    const place = this.locations.get(node);
    if (!place) return undefined;
    if (!this.scripts) this.scripts = this.findScripts();
    const url = this.scripts.get(place.scriptId);
    return url ? { url, line: place.line, column: place.column } : undefined;
  }

  /** Script ids to URLs: a closure knows its shared info, that its script, that its name. */
  findScripts() {
    const urls = new Map();
    for (const [node, { scriptId }] of this.locations) {
      if (urls.has(scriptId) || this.type(node) !== 'closure') continue;
      const shared = this.follow(node, 'shared');
      let script = shared < 0 ? -1 : this.follow(shared, 'script_or_debug_info', 'script');
      if (script < 0) continue;
      // A function that was debugged or covered has its script one step further.
      const inner = this.follow(script, 'script');
      if (inner >= 0) script = inner;
      const name = this.follow(script, 'name');
      if (name >= 0) urls.set(scriptId, this.text(name));
    }
    return urls;
  }
}

function index(fields) {
  const out = {};
  fields.forEach((name, at) => {
    out[name] = at;
  });
  return out;
}

function readHeapGraph(path) {
  return new HeapGraph(fs.readFileSync(path));
}

module.exports = { HeapGraph, readHeapGraph };
