//! The contexts of `vm`, and whether a pile keeps them.

use rustc_hash::FxHashSet;

use crate::snapshot::graph::Graph;
use crate::snapshot::heap::Heap;
use crate::snapshot::kind::NodeType;
use crate::snapshot::piles::Pile;

/// The vm contexts of the last snapshot.
pub(crate) struct Contexts {
    /// How many the first snapshot had.
    pub(crate) before: u64,
    /// How many the last has.
    pub(crate) after: u64,
    /// Those that came after the first snapshot, by number in the order; all of them where ids are not common.
    new: Vec<u32>,
    /// They and their global objects, by node.
    entrances: FxHashSet<u32>,
}

impl Contexts {
    /// Of two heaps. `newer_than`: the greatest id of the first, where ids are common.
    pub(crate) fn new(first: &Heap, last: &Heap, newer_than: Option<u32>) -> Contexts {
        Contexts::since(count(&first.graph), last, newer_than)
    }

    /// The same where of the first it is only known how many contexts it had.
    pub(crate) fn since(before: u64, last: &Heap, newer_than: Option<u32>) -> Contexts {
        let graph = &last.graph;
        let nodes = nodes(graph);
        let new = || {
            nodes
                .iter()
                .copied()
                .filter(|&node| newer_than.is_none_or(|id| graph.id(node) > id))
        };
        let globals = new().flat_map(|node| {
            [
                "extension",
                "global_proxy_object",
                "global_object",
                "global",
            ]
            .iter()
            .filter_map(move |name| graph.follow(node, name))
        });
        Contexts {
            before,
            after: nodes.len() as u64,
            new: new().map(|node| last.dominators.number(node)).collect(),
            entrances: globals.chain(new()).collect(),
        }
    }

    /// Whether more than one context would go with the pile: one for every second member, or half of all that are new.
    pub(crate) fn held_by(&self, heap: &Heap, pile: &Pile) -> bool {
        if self.new.len() < 2 {
            return false;
        }
        let members: FxHashSet<u32> = pile
            .growth
            .members
            .iter()
            .map(|&node| heap.dominators.number(node))
            .collect();
        let held = self.new.iter().filter(|&&context| {
            let mut at = context;
            while at != 0 && !members.contains(&at) {
                at = heap.dominators.idom[at as usize];
            }
            at != 0
        });
        let held = held.count();
        held > 1 && (held * 2 >= self.new.len() || held * 2 >= members.len())
    }

    /// Whether the members are each in a new context of its own: what they have in common ends before the way enters one.
    /// V8 counts contexts that are in use among its roots, so that what they hold is dominated by none of them.
    pub(crate) fn are_entered_by(&self, pile: &Pile) -> bool {
        let more = self.after.saturating_sub(self.before);
        more > 1
            && pile.growth.more() * 2 >= more
            && pile
                .steps
                .iter()
                .skip(pile.shared)
                .any(|step| self.entrances.contains(&step.node))
    }
}

/// How many contexts there are.
pub(crate) fn count(graph: &Graph) -> u64 {
    nodes(graph).len() as u64
}

fn nodes(graph: &Graph) -> Vec<u32> {
    const UNKNOWN: u8 = 2;
    // By string; a byte each stays in the cache where a map of names does not.
    let mut names = vec![UNKNOWN; graph.strings.len()];
    (0..graph.node_count() as u32)
        .filter(|&node| {
            if !matches!(
                graph.kind(node),
                NodeType::Hidden | NodeType::Object | NodeType::Native
            ) {
                return false;
            }
            let known = &mut names[graph.node_names[node as usize] as usize];
            if *known == UNKNOWN {
                *known = graph
                    .raw_name(node)
                    .starts_with(b"system / NativeContext")
                    .into();
            }
            *known == 1
        })
        .collect()
}
