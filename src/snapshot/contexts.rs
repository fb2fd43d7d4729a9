//! The contexts of `vm`, and whether a pile keeps them.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::snapshot::heap::Heap;
use crate::snapshot::kind::NodeType;
use crate::snapshot::piles::Pile;

/// Numbers of the vm contexts that came after the first snapshot.
pub(crate) fn new_contexts(heap: &Heap, newer_than: Option<u32>) -> Vec<u32> {
    let graph = &heap.graph;
    let mut native = Vec::new();
    let mut names: FxHashMap<u32, bool> = FxHashMap::default();
    for node in 0..graph.node_count() as u32 {
        if !matches!(
            graph.kind(node),
            NodeType::Hidden | NodeType::Object | NodeType::Native
        ) {
            continue;
        }
        let name = graph.node_names[node as usize];
        let is_context = *names.entry(name).or_insert_with(|| {
            graph
                .raw_string(name)
                .starts_with(b"system / NativeContext")
        });
        if is_context && newer_than.is_none_or(|id| graph.id(node) > id) {
            native.push(heap.dominators.number(node));
        }
    }
    native
}

/// Whether more than one vm context would go with the pile: one for every second member, or half of all that are new.
pub(crate) fn holds_contexts(heap: &Heap, pile: &Pile, contexts: &[u32]) -> bool {
    if contexts.len() < 2 {
        return false;
    }
    let members: FxHashSet<u32> = pile
        .growth
        .members
        .iter()
        .map(|&node| heap.dominators.number(node))
        .collect();
    let held = contexts.iter().filter(|&&context| {
        let mut at = context;
        while at != 0 && !members.contains(&at) {
            at = heap.dominators.idom[at as usize];
        }
        at != 0
    });
    let held = held.count();
    held > 1 && (held * 2 >= contexts.len() || held * 2 >= members.len())
}
