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
}

impl Default for HeapBuilder {
    fn default() -> HeapBuilder {
        HeapBuilder::new()
    }
}

impl HeapBuilder {
    /// A heap with a root only.
    pub fn new() -> HeapBuilder {
        let mut heap = HeapBuilder {
            nodes: Vec::new(),
            strings: vec!["<dummy>".into()],
            locations: Vec::new(),
        };
        heap.node("synthetic", "", 0);
        heap
    }

    /// Adds a node; ids are odd and grow, as in V8.
    pub fn node(&mut self, kind: &str, name: &str, size: u64) -> usize {
        let id = self.nodes.len() as u64 * 2 + 1;
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
