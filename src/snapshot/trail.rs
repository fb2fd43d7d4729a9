//! A path in words: steps with names a developer knows, repetitions folded.

use crate::snapshot::graph::{Edge, Graph, Location};
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::names::{node_name, shorten};

/// One step on the way from the root: an edge and the node it leads to.
#[derive(Clone, Debug)]
pub struct Step {
    /// The node.
    pub node: u32,
    /// How it is held.
    pub edge_kind: EdgeType,
    /// The edge's name; `[]` for elements.
    pub edge: String,
    /// The node's name; see [`node_name`].
    pub name: String,
    /// What the node is.
    pub kind: NodeType,
    /// Where its function or constructor stands.
    pub location: Option<Location>,
    /// How many times this step and those of its block follow each other; 1 where nothing repeats.
    pub repeats: u64,
    /// Steps in the block, on its first step; 0 on others and where nothing repeats.
    pub block: usize,
}

/// The longest block that is recognised as repeating.
const MAX_BLOCK: usize = 12;

/// Repetitions from here on are folded.
const MIN_REPEATS: usize = 3;

/// Names the steps of `path` and folds what repeats.
pub(crate) fn describe(graph: &Graph, path: &[(u32, Edge)]) -> Vec<Step> {
    let keys: Vec<(u8, u32, u32, u8)> = path
        .iter()
        .map(|(_, edge)| {
            let name = if edge.kind.is_indexed() { 0 } else { edge.name };
            let kind = graph.kind(edge.to);
            let node = if kind.is_string() {
                0
            } else {
                graph.node_names[edge.to as usize]
            };
            (edge.kind as u8, name, node, kind as u8)
        })
        .collect();
    let mut steps = Vec::new();
    let mut at = 0;
    while at < path.len() {
        let (block, repeats) = block_at(&keys[at..]);
        for (offset, (_, edge)) in path[at..at + block].iter().enumerate() {
            let mut step = step(graph, edge);
            step.repeats = repeats as u64;
            step.block = if repeats > 1 && offset == 0 { block } else { 0 };
            steps.push(step);
        }
        at += block * repeats;
    }
    steps
}

/// The shortest block which `keys` begin with at least three times, and how often; else a block of one, once.
fn block_at<K: PartialEq>(keys: &[K]) -> (usize, usize) {
    for block in 1..=MAX_BLOCK.min(keys.len() / MIN_REPEATS) {
        let same = keys
            .iter()
            .zip(&keys[block..])
            .take_while(|(first, second)| first == second)
            .count();
        let repeats = same / block + 1;
        if repeats >= MIN_REPEATS {
            return (block, repeats);
        }
    }
    (1, 1)
}

fn step(graph: &Graph, edge: &Edge) -> Step {
    Step {
        node: edge.to,
        edge_kind: edge.kind,
        edge: edge_name(graph, edge),
        name: node_name(graph, edge.to),
        kind: graph.kind(edge.to),
        location: graph.location(edge.to),
        repeats: 1,
        block: 0,
    }
}

fn edge_name(graph: &Graph, edge: &Edge) -> String {
    match edge.kind {
        EdgeType::Element | EdgeType::Hidden => "[]".into(),
        EdgeType::Weak if edge.index == u32::MAX => "held weakly or from outside the heap".into(),
        _ => {
            let name = graph.string(edge.name);
            // `17 / part of key (…) -> value (…) pair in WeakMap (table @9)`
            if edge.kind == EdgeType::Internal && name.contains("pair in WeakMap") {
                "value in WeakMap".into()
            } else {
                shorten(&name, 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_blocks_of_any_length() {
        assert_eq!(block_at(&[1, 1, 1, 1, 2]), (1, 4));
        assert_eq!(block_at(&[1, 2, 1, 2, 1, 2, 1]), (2, 3));
        assert_eq!(block_at(&[1, 2, 1, 2, 3]), (1, 1));
        assert_eq!(block_at::<u8>(&[]), (1, 1));
    }
}
