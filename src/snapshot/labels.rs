//! Names that mean the same in every snapshot: hashes of text instead of string numbers, indices folded.

use std::cell::RefCell;
use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::snapshot::graph::{Edge, Graph};
use crate::snapshot::kind::{EdgeType, NodeType};

/// Hashes of one heap's names, computed once per string.
pub(crate) struct Labels<'g> {
    graph: &'g Graph,
    /// By string number; 0 is "not yet".
    hashes: RefCell<Vec<u64>>,
}

/// The label of an edge that is one of many: an element, an entry, a numbered pair of a WeakMap.
pub(crate) const INDEXED: u64 = 1;
/// The label of what a node dominates without an edge to it.
pub(crate) const INDIRECT: u64 = 2;

const CONTEXT: &[u8] = b"system / Context";

impl<'g> Labels<'g> {
    pub(crate) fn new(graph: &'g Graph) -> Labels<'g> {
        Labels {
            graph,
            hashes: RefCell::new(vec![0; graph.strings.len()]),
        }
    }

    fn text(&self, index: u32) -> u64 {
        let mut hashes = self.hashes.borrow_mut();
        let Some(slot) = hashes.get_mut(index as usize) else {
            return INDEXED;
        };
        if *slot == 0 {
            let raw = self.graph.raw_string(index);
            *slot = if raw.first().is_some_and(u8::is_ascii_digit) {
                INDEXED
            } else if raw.starts_with(CONTEXT) {
                // Newer V8 adds the id of the scope.
                hash(CONTEXT)
            } else {
                hash(raw)
            };
        }
        *slot
    }

    /// What a node is, without what tells it from others of its kind: a string is a string whatever it says.
    pub(crate) fn node(&self, node: u32) -> u64 {
        let kind = self.graph.kind(node);
        match kind {
            NodeType::String | NodeType::ConsString | NodeType::SlicedString => {
                NodeType::String as u64 + 16
            }
            NodeType::Number | NodeType::BigInt | NodeType::Symbol | NodeType::RegExp => {
                kind as u64 + 16
            }
            _ => of_kind(self.text(self.graph.node_names[node as usize]), kind),
        }
    }

    /// How an edge is called.
    pub(crate) fn edge(&self, edge: &Edge) -> u64 {
        match edge.kind {
            EdgeType::Element | EdgeType::Hidden => INDEXED,
            _ => self.text(edge.name),
        }
    }
}

/// What the label of every scope is.
pub(crate) fn of_scopes() -> u64 {
    of_kind(hash(CONTEXT), NodeType::Object)
}

fn of_kind(name: u64, kind: NodeType) -> u64 {
    name.wrapping_mul(31) ^ (kind as u64) << 3
}

fn hash(raw: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(raw);
    hasher.finish() | 4
}
