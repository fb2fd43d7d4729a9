//! The shortest telling path from the root to a node.
//!
//! Breadth first, the program's own globals before V8's roots, and edges that a developer can read before V8's links
//! (hidden classes, code, feedback): those are followed only when nothing else leads on, as LeakCanary does with
//! references of low priority.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use crate::snapshot::bits::Bits;
use crate::snapshot::graph::{Edge, Graph};
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::order::Order;
use crate::snapshot::ownership::is_user_root;

/// No edge of the file: the node is not reached, or by nothing that the file shows.
const NONE: u32 = u32::MAX;

/// Links of V8 that say nothing about who keeps an object on purpose.
const LOW_PRIORITY: [&[u8]; 21] = [
    b"map",
    b"code",
    b"shared",
    b"feedback_cell",
    b"feedback_vector",
    b"scope_info",
    b"transition",
    b"transitions",
    b"prototype_info",
    b"back_pointer",
    b"constructor",
    b"native_context",
    b"descriptors",
    b"dependent_code",
    b"initial_map",
    b"function_data",
    b"trusted_function_data",
    b"script",
    b"script_or_debug_info",
    b"__proto__",
    // What runs right now, not what stays.
    b"execution_async_resources",
];

/// Shortest paths to the nodes that were asked for.
pub(crate) struct Paths<'g> {
    graph: &'g Graph,
    reached: Bits,
    /// The edge by which a node was reached, by node.
    edges: Vec<u32>,
}

impl<'g> Paths<'g> {
    /// Searches until all `wanted` nodes are reached.
    pub(crate) fn new(
        graph: &'g Graph,
        order: &'g Order,
        wanted: impl Iterator<Item = u32>,
    ) -> Paths<'g> {
        let mut search = Search {
            graph,
            order,
            paths: Paths {
                graph,
                reached: Bits::new(graph.node_count()),
                edges: vec![NONE; graph.node_count()],
            },
            low: vec![0; graph.strings.len()],
            near: VecDeque::new(),
            far: VecDeque::new(),
            put_off: Bits::new(graph.node_count()),
            wanted: wanted.filter(|&node| node != 0).collect(),
        };
        search.run();
        search.paths
    }

    /// The edges from the root to `node`, each with the node it comes from. What nothing but weak references and handles
    /// outside the heap hold begins with a weak edge from the root that the file does not have.
    pub(crate) fn to(&self, node: u32) -> Vec<(u32, Edge)> {
        let mut path = Vec::new();
        let mut at = node;
        while at != 0 && self.reached.get(at) {
            let (from, edge) = match self.edges[at as usize] {
                NONE => {
                    let edge = Edge {
                        index: NONE,
                        kind: EdgeType::Weak,
                        name: 0,
                        to: at,
                    };
                    (0, edge)
                }
                index => (self.graph.source(index), self.graph.edge(index)),
            };
            path.push((from, edge));
            at = from;
        }
        path.reverse();
        path
    }
}

struct Search<'g> {
    graph: &'g Graph,
    order: &'g Order,
    paths: Paths<'g>,
    /// By string: 0 unknown, 1 low priority, 2 not.
    low: Vec<u8>,
    near: VecDeque<u32>,
    /// Edges put off, one for each node that they lead to: by a later one it would be reached already.
    far: VecDeque<u32>,
    /// The nodes that these lead to.
    put_off: Bits,
    /// Nodes that are not reached yet.
    wanted: FxHashSet<u32>,
}

impl Search<'_> {
    fn run(&mut self) {
        self.paths.reached.set(0);
        let (user, other): (Vec<Edge>, Vec<Edge>) = self
            .graph
            .edges(0)
            .partition(|edge| is_user_root(self.graph, edge.to));
        for edge in user {
            self.reach(edge.index, edge.to);
        }
        for edge in other.iter().filter(|edge| edge.kind != EdgeType::Weak) {
            self.put_off(edge.index, edge.to);
        }
        self.spread();
        // Orphans come in the order in which they were numbered: first those that nothing holds, then what they hold.
        for &node in &self.order.node_of {
            if self.wanted.is_empty() {
                break;
            }
            if self.paths.reached.insert(node) {
                self.wanted.remove(&node);
                self.near.push_back(node);
                self.spread();
            }
        }
    }

    fn spread(&mut self) {
        loop {
            while let Some(node) = self.near.pop_front() {
                self.expand(node);
                if self.wanted.is_empty() {
                    return;
                }
            }
            let Some(index) = self.far.pop_front() else {
                break;
            };
            self.reach(index, self.graph.edge_targets[index as usize]);
        }
    }

    fn put_off(&mut self, index: u32, to: u32) {
        if self.put_off.insert(to) {
            self.far.push_back(index);
        }
    }

    fn reach(&mut self, index: u32, to: u32) {
        if self.paths.reached.insert(to) {
            self.paths.edges[to as usize] = index;
            self.wanted.remove(&to);
            self.near.push_back(to);
        }
    }

    fn expand(&mut self, from: u32) {
        // V8's root groups hold everything there is; what they reach is told by them only as a last resort.
        let is_group = self.graph.kind(from) == NodeType::Synthetic;
        for index in self.graph.edge_range(from) {
            let to = self.graph.edge_targets[index];
            if self.paths.reached.get(to) {
                continue;
            }
            let edge = self.graph.edge(index as u32);
            if !self.order.is_essential(from, edge.kind, to) {
                continue;
            }
            if is_group || self.is_low(&edge) || self.is_machinery(to) {
                self.put_off(index as u32, to);
            } else {
                self.reach(index as u32, to);
            }
        }
    }

    fn is_machinery(&self, node: u32) -> bool {
        matches!(
            self.graph.kind(node),
            NodeType::Code | NodeType::ObjectShape
        )
    }

    fn is_low(&mut self, edge: &Edge) -> bool {
        if edge.kind.is_indexed() {
            return edge.kind == EdgeType::Hidden;
        }
        let Some(&known) = self.low.get(edge.name as usize) else {
            return false;
        };
        if known == 0 {
            let name = self.graph.raw_string(edge.name);
            // A WeakMap's value is kept by its key as long as there is the WeakMap, which may be what is looked for.
            let low = LOW_PRIORITY.contains(&name)
                || memchr::memmem::find(name, b" pair in WeakMap (table @").is_some();
            self.low[edge.name as usize] = if low { 1 } else { 2 };
            return low;
        }
        known == 1
    }
}
