//! Shallow sizes as Chrome DevTools shows them: a backing store counts for the object that alone owns it.
//!
//! A Map's table, an object's property array or the hidden parts of a promise are no objects to a developer. Nodes of the
//! types `array` and `hidden` (and the data of external strings) which only one other node can reach, through nodes of
//! that kind alone, hand their bytes to it. Snapshots with V8's internals exposed have no global object at the root;
//! they are shown as they are.

use crate::snapshot::bits::Bits;
use crate::snapshot::graph::Graph;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::sizes::Sizes;
use crate::snapshot::spare::Spare;

const UNVISITED: u32 = u32::MAX;
const SHARED: u32 = u32::MAX - 1;

/// Sizes by node after each owned backing store gave its bytes to its owner.
pub(crate) fn shallow_sizes(graph: &Graph, spare: &mut Spare) -> Sizes {
    let mut sizes = graph.sizes.copied(spare);
    if !graph.edges(0).any(|edge| is_user_root(graph, edge.to)) {
        return sizes;
    }
    let count = graph.node_count();
    let ownable = ownable_nodes(graph);
    let mut owners = spare.filled(count, UNVISITED);
    let mut pending: Vec<u32> = Vec::new();
    for node in 0..count as u32 {
        if ownable.get(node) {
            continue;
        }
        let mut from = node;
        loop {
            let owner = if from == node {
                node
            } else {
                owners[from as usize]
            };
            for index in graph.edge_range(from) {
                let to = graph.edge_targets[index];
                if !ownable.get(to) || graph.edge_types[index] == EdgeType::Weak as u8 {
                    continue;
                }
                let known = owners[to as usize];
                if known == UNVISITED {
                    owners[to as usize] = owner;
                    pending.push(to);
                } else if known != owner && known != SHARED {
                    owners[to as usize] = SHARED;
                    pending.push(to);
                }
            }
            match pending.pop() {
                Some(next) => from = next,
                None => break,
            }
        }
    }
    for node in 0..count as u32 {
        let owner = owners[node as usize];
        if owner >= SHARED || owner == 0 || graph.kind(owner) == NodeType::Synthetic {
            continue;
        }
        let size = sizes.get(node);
        if size > 0 {
            sizes.set(node, 0);
            sizes.set(owner, sizes.get(owner).saturating_add(size));
        }
    }
    spare.give(owners);
    sizes
}

/// The program's own roots: whatever the root holds that is no group of V8's, and the documents of a page.
pub(crate) fn is_user_root(graph: &Graph, node: u32) -> bool {
    graph.kind(node) != NodeType::Synthetic || graph.raw_name(node) == b"(Document DOM trees)"
}

fn ownable_nodes(graph: &Graph) -> Bits {
    let mut bits = Bits::new(graph.node_count());
    for node in 0..graph.node_count() as u32 {
        let ownable = match graph.kind(node) {
            NodeType::Hidden | NodeType::Array => true,
            NodeType::Native => graph.raw_name(node) == b"system / ExternalStringData",
            _ => false,
        };
        if ownable {
            bits.set(node);
        }
    }
    bits
}
