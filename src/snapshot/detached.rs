//! Which embedder objects are detached from their document, as Chrome DevTools spreads the word.
//!
//! V8 writes the state of nodes that know it. What an attached node reaches through embedder objects is attached; what a
//! detached one reaches and no attached one does is detached. JavaScript objects stop the spread.

use crate::snapshot::graph::Graph;
use crate::snapshot::kind::{EdgeType, NodeType};

const ATTACHED: u8 = 1;
const DETACHED: u8 = 2;

/// Spreads the states the file holds; does nothing where it holds none.
pub(crate) fn spread(graph: &mut Graph) {
    if graph.node_types.iter().all(|kind| kind >> 5 == 0) {
        return;
    }
    let mut visited = vec![false; graph.node_count()];
    let mut pending = [Vec::new(), Vec::new()];
    for node in 0..graph.node_count() as u32 {
        let state = graph.node_types[node as usize] >> 5;
        // JavaScript objects may carry a state, but neither show nor spread it.
        if state != 0 && graph.kind(node) != NodeType::Native {
            graph.node_types[node as usize] &= 31;
        }
        if state != 0 {
            settle(graph, &mut visited, &mut pending, node, state);
        }
    }
    for state in [ATTACHED, DETACHED] {
        while let Some(node) = pending[usize::from(state - 1)].pop() {
            for index in graph.edge_range(node) {
                let kind = EdgeType::from_index(graph.edge_types[index]);
                if !matches!(kind, EdgeType::Hidden | EdgeType::Weak) {
                    let to = graph.edge_targets[index];
                    settle(graph, &mut visited, &mut pending, to, state);
                }
            }
        }
    }
}

fn settle(
    graph: &mut Graph,
    visited: &mut [bool],
    pending: &mut [Vec<u32>; 2],
    node: u32,
    state: u8,
) {
    if std::mem::replace(&mut visited[node as usize], true) || graph.kind(node) != NodeType::Native
    {
        return;
    }
    let kind = &mut graph.node_types[node as usize];
    *kind = *kind & 31 | state << 5;
    if let Some(list) = pending.get_mut(usize::from(state) - 1) {
        list.push(node);
    }
}
