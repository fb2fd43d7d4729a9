//! Builds real `.heapsnapshot` bytes, so that tests start where users do: at a file.

#![allow(
    dead_code,
    reason = "each test file uses the part of the builder it needs"
)]
#![allow(clippy::unwrap_used, reason = "a helper of tests is a test")]

/// The header that Node 22 writes.
pub const META: &str = r#"{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],"node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic","concatenated string","sliced string","symbol","bigint","object shape"],"string","number","number","number","number","number"],"edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"],"trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],"trace_node_fields":["id","function_info_index","count","size","children"],"sample_fields":["timestamp_us","last_assigned_id"],"location_fields":["object_index","script_id","line","column"]}"#;

const NODE_TYPES: [&str; 15] = [
    "hidden",
    "array",
    "string",
    "object",
    "code",
    "closure",
    "regexp",
    "number",
    "native",
    "synthetic",
    "concatenated string",
    "sliced string",
    "symbol",
    "bigint",
    "object shape",
];
const EDGE_TYPES: [&str; 7] = [
    "context", "element", "property", "internal", "hidden", "shortcut", "weak",
];

#[derive(Clone)]
struct Node {
    kind: usize,
    name: usize,
    id: u64,
    size: u64,
    detachedness: u64,
    edges: Vec<(usize, usize, usize)>,
}

/// A heap under construction. Node 0 is the root.
#[derive(Clone)]
pub struct HeapBuilder {
    nodes: Vec<Node>,
    strings: Vec<String>,
    locations: Vec<[u64; 4]>,
    first_id: u64,
}

impl Default for HeapBuilder {
    fn default() -> HeapBuilder {
        HeapBuilder::new()
    }
}

impl HeapBuilder {
    /// A heap with a root only.
    pub fn new() -> HeapBuilder {
        HeapBuilder::starting_at(0)
    }

    /// The same with a global object, as node 1: what it has hangs there.
    pub fn with_global() -> (HeapBuilder, usize) {
        let mut heap = HeapBuilder::new();
        let global = heap.node("object", "global", 40);
        heap.edge(0, "shortcut", "1", global);
        (heap, global)
    }

    /// A heap with a root only, and greater ids: an even number is added to each.
    pub fn starting_at(first_id: u64) -> HeapBuilder {
        let mut heap = HeapBuilder {
            nodes: Vec::new(),
            strings: vec!["<dummy>".into()],
            locations: Vec::new(),
            first_id,
        };
        heap.node("synthetic", "", 0);
        heap
    }

    /// Adds a node; ids are odd and grow, as in V8.
    pub fn node(&mut self, kind: &str, name: &str, size: u64) -> usize {
        let id = self.first_id + self.nodes.len() as u64 * 2 + 1;
        self.node_with_id(kind, name, size, id)
    }

    /// Adds a node with an id of its own.
    pub fn node_with_id(&mut self, kind: &str, name: &str, size: u64, id: u64) -> usize {
        let kind = NODE_TYPES.iter().position(|&known| known == kind).unwrap();
        let name = self.string(name);
        self.nodes.push(Node {
            kind,
            name,
            id,
            size,
            detachedness: 0,
            edges: Vec::new(),
        });
        self.nodes.len() - 1
    }

    /// Adds an edge; the name of an element or hidden edge is a number.
    pub fn edge(&mut self, from: usize, kind: &str, name: &str, to: usize) -> &mut HeapBuilder {
        let position = EDGE_TYPES.iter().position(|&known| known == kind).unwrap();
        let name = match kind {
            "element" | "hidden" => name.parse().unwrap(),
            _ => self.string(name),
        };
        self.nodes[from].edges.push((position, name, to));
        self
    }

    /// Says where the node's function or constructor stands.
    pub fn location(
        &mut self,
        node: usize,
        script: u64,
        line: u64,
        column: u64,
    ) -> &mut HeapBuilder {
        self.locations.push([node as u64, script, line, column]);
        self
    }

    /// A global with a Map in a closure's variable; the Map holds `entries` sessions of 1000 bytes. The global.
    pub fn sessions(&mut self, entries: usize) -> usize {
        let global = self.node("object", "global", 40);
        let handler = self.node("closure", "handler", 64);
        let scope = self.node("object", "system / Context", 48);
        let map = self.node("object", "Map", 32);
        let table = self.node("array", "", 64 * entries as u64);
        let shared = self.node("code", "handler", 32);
        let script = self.node("code", "/app/server.js", 32);
        let url = self.node("string", "/app/server.js", 32);
        self.edge(0, "shortcut", "1", global)
            .edge(global, "property", "onRequest", handler)
            .edge(handler, "internal", "context", scope)
            .edge(handler, "internal", "shared", shared)
            .edge(shared, "internal", "script", script)
            .edge(script, "internal", "name", url)
            .edge(scope, "context", "sessions", map)
            .edge(map, "internal", "table", table)
            .location(handler, 5, 9, 4);
        for index in 0..entries {
            let session = self.node("object", "Session", 1000);
            self.edge(table, "internal", &index.to_string(), session)
                .location(session, 5, 2, 7);
        }
        global
    }

    /// A chain of scopes and closures, by the property `error` of a node.
    pub fn scopes(&mut self, mut from: usize, links: usize) {
        for index in 0..links {
            let closure = self.node("closure", "patched", 64);
            let scope = self.node("object", "system / Context", 936);
            let (kind, name) = match index {
                0 => ("property", "error"),
                _ => ("context", "previous"),
            };
            self.edge(from, kind, name, closure)
                .edge(closure, "internal", "context", scope);
            from = scope;
        }
    }

    /// Gives every node another id.
    pub fn renumber(&mut self, other: impl Fn(u64) -> u64) {
        for node in &mut self.nodes {
            node.id = other(node.id);
        }
    }

    /// Nodes so far.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    fn string(&mut self, text: &str) -> usize {
        match self.strings.iter().position(|known| known == text) {
            Some(index) => index,
            None => {
                self.strings.push(text.to_owned());
                self.strings.len() - 1
            }
        }
    }

    /// The file, as V8 writes it.
    pub fn bytes(&self) -> Vec<u8> {
        let edge_count: usize = self.nodes.iter().map(|node| node.edges.len()).sum();
        let mut text = format!(
            r#"{{"snapshot":{{"meta":{META},"node_count":{},"edge_count":{edge_count},"trace_function_count":0}},"#,
            self.nodes.len()
        );
        let nodes = self.nodes.iter().map(|node| {
            let Node {
                kind,
                name,
                id,
                size,
                detachedness,
                edges,
            } = node;
            format!(
                "{kind},{name},{id},{size},{},0,{detachedness}\n",
                edges.len()
            )
        });
        text += &format!("\n\"nodes\":[{}],\n", nodes.collect::<Vec<_>>().join(","));
        let edges = self.nodes.iter().flat_map(|node| &node.edges);
        let edges = edges.map(|(kind, name, to)| format!("{kind},{name},{}\n", to * 7));
        text += &format!("\"edges\":[{}],\n", edges.collect::<Vec<_>>().join(","));
        text += "\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n";
        let locations = self
            .locations
            .iter()
            .map(|[node, script, line, column]| format!("{},{script},{line},{column}\n", node * 7));
        text += &format!(
            "\"locations\":[{}],\n",
            locations.collect::<Vec<_>>().join(",")
        );
        let strings = self
            .strings
            .iter()
            .map(|text| serde_json::to_string(text).unwrap());
        text += &format!(
            "\"strings\":[{}]}}",
            strings.collect::<Vec<_>>().join(",\n")
        );
        text.into_bytes()
    }
}
