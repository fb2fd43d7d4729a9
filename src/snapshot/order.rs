//! The graph numbered depth first over the edges that keep nodes alive.
//!
//! Everything after this works on numbers: a parent's is smaller than its children's, and neighbours in the heap become
//! neighbours in memory. Besides the numbering this stage applies the part of the edge rule that needs a traversal:
//! objects reachable from the program's globals are "page-owned", and edges to them from nodes that are not (V8's
//! handles, the debugger) keep nothing, but for the root's own. See [`EdgeType::is_essential`] for the rest.
//!
//! Nodes that no edge keeps become children of the root, as in DevTools. Cycles kept by nobody hang at the root node
//! by node and dominate nothing.

use crate::snapshot::SnapshotError;
use crate::snapshot::bits::Bits;
use crate::snapshot::graph::Graph;
use crate::snapshot::kind::EdgeType;
use crate::snapshot::progress::{Phase, Reporter};
use crate::snapshot::spare::Spare;
use crate::v8::cpu;

/// A depth-first numbering; the root has number 0.
pub struct Order {
    /// Node by number.
    pub node_of: Vec<u32>,
    /// Number by node.
    pub number_of: Vec<u32>,
    /// Number of the node from which a node was first reached, by number; the root's own is 0.
    pub(crate) parent: Vec<u32>,
    /// Numbers from here on are nodes in cycles that nothing keeps.
    pub(crate) isolated_from: usize,
    /// Page-owned nodes, one bit each, by node.
    page: Bits,
}

impl Order {
    /// Numbers all nodes of `graph`. The other value is the essential edges that it does not need, in numbers: what is
    /// kept, and what keeps it.
    pub(crate) fn new(
        graph: &Graph,
        spare: &mut Spare,
        reporter: Reporter<'_>,
    ) -> Result<(Order, Vec<u32>), SnapshotError> {
        let count = graph.node_count();
        let mut walk = Walk {
            graph,
            reporter,
            order: Order {
                node_of: spare.keep(count),
                number_of: spare.keep_filled(count, UNVISITED),
                parent: spare.keep(count),
                isolated_from: count,
                page: Bits::new(count),
            },
            kept: spare.largest(),
            skipped: Vec::new(),
            stack: Vec::new(),
        };
        walk.visit(0, 0);
        walk.page_owned()?;
        walk.others()?;
        walk.orphans()?;
        Ok((walk.order, walk.kept))
    }

    /// Whether the edge keeps its target alive; the whole rule.
    #[inline(always)]
    pub fn is_essential(&self, from: u32, kind: EdgeType, to: u32) -> bool {
        kind.is_essential(from, to) && (from == 0 || self.page.get(from) || !self.page.get(to))
    }
}

/// The number of a node that has none yet.
const UNVISITED: u32 = u32::MAX;

/// Asks for what the edges after `index`, up to `end`, lead to: what is known of a node and where its edges are, then these.
/// Without this the walk waits for most of them.
#[inline(always)]
fn look_ahead(graph: &Graph, number_of: &[u32], index: usize, end: u32) {
    let last = end as usize - 1;
    let far = graph.edge_targets[last.min(index + 3)] as usize;
    cpu::prefetch(number_of, far);
    cpu::prefetch(&graph.first_edges, far);
    let near = graph.edge_targets[last.min(index + 1)] as usize;
    let first = graph.first_edges[near] as usize;
    cpu::prefetch(&graph.edge_targets, first);
    cpu::prefetch(&graph.edge_types, first);
}

struct Walk<'g> {
    graph: &'g Graph,
    reporter: Reporter<'g>,
    order: Order,
    /// Essential edges to nodes that had their number already: theirs, and that of what the edge is from.
    kept: Vec<u32>,
    /// Targets of shortcuts and WeakMap tables met among page-owned nodes: page-owned too, though not kept by them.
    skipped: Vec<u32>,
    /// Number of a node and the rest of its edges.
    stack: Vec<(u32, u32, u32)>,
}

impl Walk<'_> {
    #[inline(always)]
    fn visit(&mut self, node: u32, parent: u32) -> u32 {
        let number = self.order.node_of.len() as u32;
        self.order.number_of[node as usize] = number;
        self.order.node_of.push(node);
        self.order.parent.push(parent);
        number
    }

    #[inline(always)]
    fn is_visited(&self, node: u32) -> bool {
        self.order.number_of[node as usize] != UNVISITED
    }

    /// Numbers everything from `start` on. `PAGE`: the nodes met become page-owned; otherwise page-owned nodes are
    /// entered from page-owned nodes alone.
    fn descend<const PAGE: bool>(&mut self, start: u32) -> Result<(), SnapshotError> {
        let number = self.visit(start, 0);
        if PAGE {
            self.order.page.set(start);
        }
        let range = self.graph.edge_range(start);
        self.stack
            .push((number, range.start as u32, range.end as u32));
        'nodes: while let Some(&mut (number, ref mut next, end)) = self.stack.last_mut() {
            let from = self.order.node_of[number as usize];
            let keeps_all = PAGE || self.order.page.get(from);
            while *next < end {
                let index = *next as usize;
                *next += 1;
                look_ahead(self.graph, &self.order.number_of, index, end);
                let to = self.graph.edge_targets[index];
                let kind = EdgeType::from_index(self.graph.edge_types[index]);
                let known = self.order.number_of[to as usize];
                if !kind.is_essential(from, to) {
                    if PAGE && known == UNVISITED && kind != EdgeType::Weak {
                        self.skipped.push(to);
                    }
                    continue;
                }
                if !keeps_all && self.order.page.get(to) {
                    continue;
                }
                if known != UNVISITED {
                    self.kept.extend_from_slice(&[known, number]);
                    continue;
                }
                let child = self.visit(to, number);
                if PAGE {
                    self.order.page.set(to);
                }
                if child.is_multiple_of(1 << 20) {
                    self.reporter.report(
                        Phase::Dominators,
                        child as usize,
                        self.graph.node_count(),
                    )?;
                }
                let range = self.graph.edge_range(to);
                self.stack
                    .push((child, range.start as u32, range.end as u32));
                continue 'nodes;
            }
            self.stack.pop();
        }
        Ok(())
    }

    /// What the program's globals and documents reach.
    fn page_owned(&mut self) -> Result<(), SnapshotError> {
        let graph = self.graph;
        for edge in graph.edges(0) {
            let enters = match edge.kind {
                EdgeType::Shortcut => true,
                EdgeType::Element => graph.raw_name(edge.to) == b"(Document DOM trees)",
                _ => false,
            };
            if enters && !self.is_visited(edge.to) {
                self.descend::<true>(edge.to)?;
            }
        }
        // Reached only through edges that keep nothing: marked, not numbered.
        while let Some(node) = self.skipped.pop() {
            if self.order.page.get(node) {
                continue;
            }
            self.order.page.set(node);
            for index in graph.edge_range(node) {
                let to = graph.edge_targets[index];
                if graph.edge_types[index] != EdgeType::Weak as u8 && !self.order.page.get(to) {
                    self.skipped.push(to);
                }
            }
        }
        Ok(())
    }

    /// What else the root reaches.
    fn others(&mut self) -> Result<(), SnapshotError> {
        for edge in self.graph.edges(0) {
            if !edge.kind.is_essential(0, edge.to) {
                continue;
            }
            match self.order.number_of[edge.to as usize] {
                UNVISITED => self.descend::<false>(edge.to)?,
                known => self.kept.extend_from_slice(&[known, 0]),
            }
        }
        Ok(())
    }

    /// What the root does not reach: first nodes that no edge keeps, with all they keep; then cycles.
    fn orphans(&mut self) -> Result<(), SnapshotError> {
        let count = self.graph.node_count();
        if self.order.node_of.len() < count {
            let mut kept = Bits::new(count);
            for from in (0..count as u32).filter(|&node| !self.is_visited(node)) {
                for edge in self.graph.edges(from) {
                    if self.order.is_essential(from, edge.kind, edge.to) {
                        kept.set(edge.to);
                    }
                }
            }
            for node in 0..count as u32 {
                if !self.is_visited(node) && !kept.get(node) {
                    self.descend::<false>(node)?;
                }
            }
        }
        self.order.isolated_from = self.order.node_of.len();
        for node in 0..count as u32 {
            if !self.is_visited(node) {
                self.visit(node, 0);
            }
        }
        Ok(())
    }
}
