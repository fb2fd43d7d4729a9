//! One side of a comparison: a heap, or the shapes that are left of one.

use rustc_hash::{FxHashMap, FxHashSet};

use super::is_strong;
use crate::snapshot::heap::Heap;
use crate::snapshot::kind::EdgeType;
use crate::snapshot::labels::{INDIRECT, Labels};
use crate::snapshot::ranking::{Keyed, sort};
use crate::snapshot::shapes::Shapes;

/// A heap whose nodes are compared one by one, or shapes that stand for many each.
pub(crate) enum Side<'h> {
    Heap(&'h Heap, Labels<'h>),
    Shapes(&'h Shapes),
}

/// How an owner holds a child.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) label: u64,
    pub(super) is_property: bool,
}

/// What a node dominates and holds itself: the number of each child, and that of the edge.
pub(super) type Direct = Vec<Keyed>;

/// Properties of one object that hold the same kind of thing, from which on their names are keys.
const ENTRIES: usize = 16;

impl<'h> Side<'h> {
    pub(crate) fn heap(heap: &'h Heap) -> Side<'h> {
        Side::Heap(heap, Labels::new(&heap.graph))
    }

    pub(crate) fn total_size(&self) -> u64 {
        match self {
            Side::Heap(heap, _) => heap.total_size(),
            Side::Shapes(shapes) => shapes.retained(0),
        }
    }

    pub(super) fn retained(&self, number: u32) -> u64 {
        match self {
            Side::Heap(heap, _) => heap.dominators.retained[number as usize],
            Side::Shapes(shapes) => shapes.retained(number),
        }
    }

    pub(super) fn count(&self, number: u32) -> u64 {
        match self {
            Side::Heap(..) => 1,
            Side::Shapes(shapes) => shapes.count(number),
        }
    }

    pub(super) fn own(&self, number: u32) -> u64 {
        match self {
            Side::Heap(heap, _) => heap.shallow.get(self.node(number)),
            Side::Shapes(shapes) => shapes.own(number),
        }
    }

    /// Whether what is below was left out for want of size.
    pub(super) fn is_cut(&self, number: u32) -> bool {
        match self {
            Side::Heap(..) => false,
            Side::Shapes(shapes) => shapes.is_cut(number),
        }
    }

    /// Whether it is a string; of shapes that is not known.
    pub(super) fn is_text(&self, number: u32) -> bool {
        match self {
            Side::Heap(heap, _) => heap.graph.kind(self.node(number)).is_string(),
            Side::Shapes(_) => false,
        }
    }

    /// The node of this number; a shape is its own.
    pub(super) fn node(&self, number: u32) -> u32 {
        match self {
            Side::Heap(heap, _) => heap.dominators.order.node_of[number as usize],
            Side::Shapes(_) => number,
        }
    }

    /// Tells `each` what `number` dominates: the child, how it is held, and what it is. `direct` is scratch.
    pub(super) fn children(
        &self,
        number: u32,
        direct: &mut Direct,
        mut each: impl FnMut(u32, Held, u64),
    ) {
        match self {
            Side::Heap(heap, labels) => {
                self.direct_edges(number, direct);
                let mut direct = direct.iter().copied().peekable();
                // Both in the order of their numbers.
                for child in heap.tree.children(number) {
                    let held = match direct.next_if(|&(at, _)| at == u128::from(child)) {
                        Some((_, index)) => {
                            let edge = heap.graph.edge(index);
                            Held {
                                label: labels.edge(&edge),
                                is_property: edge.kind == EdgeType::Property,
                            }
                        }
                        None => Held {
                            label: INDIRECT,
                            is_property: false,
                        },
                    };
                    each(child, held, labels.node(self.node(child)));
                }
            }
            Side::Shapes(shapes) => {
                for child in shapes.children(number) {
                    let (label, what) = shapes.key(child);
                    let is_property = shapes.is_property(child);
                    each(child, Held { label, is_property }, what);
                }
            }
        }
    }

    /// Adds what hangs at so many properties of `number` that their names are keys.
    pub(super) fn add_entries(
        &self,
        number: u32,
        direct: &mut Direct,
        entries: &mut FxHashSet<u64>,
    ) {
        match self {
            Side::Heap(heap, labels) => {
                let mut counts: FxHashMap<u64, usize> = FxHashMap::default();
                self.direct_edges(number, direct);
                for &(child, index) in direct.iter() {
                    if heap.graph.edge(index).kind == EdgeType::Property {
                        let what = labels.node(self.node(child as u32));
                        *counts.entry(what).or_insert(0) += 1;
                    }
                }
                let many = counts.iter().filter(|entry| *entry.1 > ENTRIES);
                entries.extend(many.map(|entry| *entry.0));
            }
            Side::Shapes(shapes) => {
                let children = shapes.children(number);
                entries.extend(
                    children
                        .filter(|&child| shapes.is_entry(child))
                        .map(|child| shapes.key(child).1),
                );
            }
        }
    }

    /// The edges from `number` to what it dominates; of several to one child the first, which names it.
    fn direct_edges(&self, number: u32, direct: &mut Direct) {
        let Side::Heap(heap, _) = self else {
            return;
        };
        direct.clear();
        let node = self.node(number);
        for edge in heap.graph.edges(node) {
            let to = heap.dominators.number(edge.to);
            if heap.dominators.idom[to as usize] == number && to != 0 && is_strong(node, &edge) {
                direct.push((to.into(), edge.index));
            }
        }
        sort(direct);
        direct.dedup_by_key(|&mut (child, _)| child);
    }
}
