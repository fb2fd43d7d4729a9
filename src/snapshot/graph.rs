//! The heap as a struct of arrays: 32-bit ids, compressed edges, strings by offset.
//!
//! Bytes held: 17 a node (type, name, id, size, first edge), 4 more for its location, 9 an edge (target, name, type), 8 a
//! string. Node 0 is the root.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use crate::snapshot::SnapshotError;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::parser;
use crate::snapshot::progress::Reporter;
use crate::snapshot::reader::Input;
use crate::snapshot::sizes::Sizes;
use crate::snapshot::strings::StringTable;

/// A position in a script, from `locations`; line and column count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// V8's number for the script.
    pub script: u32,
    /// Line, from 0.
    pub line: u32,
    /// Column, from 0.
    pub column: u32,
}

/// One edge, resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Its number in the file.
    pub index: u32,
    /// How it refers.
    pub kind: EdgeType,
    /// String index, or the number itself for indexed edges.
    pub name: u32,
    /// The node it leads to.
    pub to: u32,
}

/// A parsed snapshot.
pub struct Graph {
    pub(crate) file_bytes: u64,
    pub(crate) strings: StringTable,
    /// Type in bits 0–4, detachedness in bits 5–6.
    pub(crate) node_types: Vec<u8>,
    pub(crate) node_names: Vec<u32>,
    pub(crate) node_ids: Vec<u32>,
    /// Bytes of each node as V8 wrote them.
    pub(crate) sizes: Sizes,
    /// Node `n`'s edges are `first_edges[n]..first_edges[n + 1]`.
    pub(crate) first_edges: Vec<u32>,
    pub(crate) edge_targets: Vec<u32>,
    pub(crate) edge_names: Vec<u32>,
    pub(crate) edge_types: Vec<u8>,
    pub(crate) locations: Vec<Location>,
    /// Index into `locations` by node, or `NO_LOCATION`; empty if the file has none.
    pub(crate) location_of: Vec<u32>,
    pub(crate) extra_native_bytes: u64,
}

/// Marks a node without a location.
pub(crate) const NO_LOCATION: u32 = u32::MAX;

impl Graph {
    /// Reads the file at `path` without analysing it, on up to two `threads`.
    pub fn read(path: &Path, threads: usize) -> Result<Graph, SnapshotError> {
        parser::parse(Input::open(path)?, threads, Reporter::default())
    }

    /// Nodes in the file, the root included.
    pub fn node_count(&self) -> usize {
        self.node_types.len()
    }

    /// Edges in the file, weak ones included.
    pub fn edge_count(&self) -> usize {
        self.edge_targets.len()
    }

    /// Bytes of the (decompressed) file.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Bytes outside the heap which the file reports without a node (Node 24 on).
    pub fn extra_native_bytes(&self) -> u64 {
        self.extra_native_bytes
    }

    /// What the node is.
    #[inline(always)]
    pub fn kind(&self, node: u32) -> NodeType {
        NodeType::from_index(self.node_types[node as usize] & 31)
    }

    /// Whether the embedder says that the node is detached from its document.
    pub fn is_detached(&self, node: u32) -> bool {
        self.node_types[node as usize] >> 5 == 2
    }

    /// V8's id, stable between snapshots of one process.
    pub fn id(&self, node: u32) -> u32 {
        self.node_ids[node as usize]
    }

    /// Bytes of the node itself, as V8 wrote them.
    #[inline(always)]
    pub fn size(&self, node: u32) -> u64 {
        self.sizes.get(node)
    }

    /// The node's name: a class, a function, the text of a string.
    pub fn name(&self, node: u32) -> Cow<'_, str> {
        self.string(self.node_names[node as usize])
    }

    /// The node's name as bytes, still escaped: for comparisons without allocation.
    pub fn raw_name(&self, node: u32) -> &[u8] {
        self.strings.raw(self.node_names[node as usize])
    }

    /// String `index` of the file.
    pub fn string(&self, index: u32) -> Cow<'_, str> {
        self.strings.decode(index)
    }

    /// String `index`, still escaped.
    pub fn raw_string(&self, index: u32) -> &[u8] {
        self.strings.raw(index)
    }

    /// The node's edges in the file's order.
    pub fn edges(&self, node: u32) -> impl DoubleEndedIterator<Item = Edge> + '_ {
        self.edge_range(node).map(|index| self.edge(index as u32))
    }

    /// Edge number `index`.
    #[inline(always)]
    pub fn edge(&self, index: u32) -> Edge {
        let at = index as usize;
        Edge {
            index,
            kind: EdgeType::from_index(self.edge_types[at]),
            name: self.edge_names[at],
            to: self.edge_targets[at],
        }
    }

    /// The node that edge number `index` leads from.
    pub(crate) fn source(&self, index: u32) -> u32 {
        // Nodes without edges begin where the next begins.
        let after = self.first_edges.partition_point(|&first| first <= index);
        after.saturating_sub(1) as u32
    }

    #[inline(always)]
    pub(crate) fn edge_range(&self, node: u32) -> Range<usize> {
        self.first_edges[node as usize] as usize..self.first_edges[node as usize + 1] as usize
    }

    /// The edge's name as text: a property, a variable, or an index.
    pub fn edge_name(&self, edge: &Edge) -> Cow<'_, str> {
        if edge.kind.is_indexed() {
            Cow::Owned(edge.name.to_string())
        } else {
            self.string(edge.name)
        }
    }

    /// The target of the first edge named `name` that satisfies `kind`.
    pub fn follow(&self, node: u32, name: &str) -> Option<u32> {
        self.edges(node)
            .find(|edge| !edge.kind.is_indexed() && self.raw_string(edge.name) == name.as_bytes())
            .map(|edge| edge.to)
    }

    /// Where the node's function or constructor stands.
    pub fn location(&self, node: u32) -> Option<Location> {
        match self.location_of.get(node as usize) {
            Some(&index) if index != NO_LOCATION => self.locations.get(index as usize).copied(),
            _ => None,
        }
    }
}
