//! What is only held in another way than before, and not new.
//!
//! Where a module is loaded or a global replaced, all that hung on one object may hang on another, and a shape seems to have
//! grown out of nothing. In a third snapshot it does not grow again, and ids tell what is old; two snapshots without common
//! ids leave the classes: what came here must then be missing elsewhere.

use rustc_hash::FxHashMap;

use super::Growth;
use crate::snapshot::graph::Graph;
use crate::snapshot::heap::Heap;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::labels::Labels;

/// Takes out what cannot be new: more bytes than the program grew by (`growth`), and hardly more objects of this kind than
/// before. If there is such growth, much hangs on other objects than before, and what is so much more is believed only if most
/// of its objects are new by their kind.
pub(crate) fn take_out(first: &Heap, last: &Heap, growth: u64, found: &mut Vec<Growth>) -> u64 {
    let is_doubtful = |growing: &Growth| growing.bytes / 2 > growth;
    if !found.iter().any(is_doubtful) {
        return 0;
    }
    let kinds = Kinds::new(&last.graph);
    let of_each: Vec<u64> = found
        .iter()
        .map(|growing| kinds.of_members(growing))
        .collect();
    let counts = count(first, last, &of_each, true);
    let newness = |growing: &Growth| kinds.newness(&counts, growing);
    let is_moved = |growing: &Growth| is_doubtful(growing) && newness(growing) == 0;
    if !found.iter().any(is_moved) {
        return 0;
    }
    let mut moved = 0;
    found.retain(|growing| {
        let stays = newness(growing) >= if is_doubtful(growing) { 3 } else { 1 };
        moved += if stays { 0 } else { growing.bytes };
        stays
    });
    moved
}

/// What is of one kind: by name, plain objects also by their properties.
struct Kinds<'g> {
    labels: Labels<'g>,
    graph: &'g Graph,
}

impl<'g> Kinds<'g> {
    fn new(graph: &'g Graph) -> Kinds<'g> {
        let labels = Labels::new(graph);
        Kinds { labels, graph }
    }

    /// Of a plain object.
    #[inline(never)]
    fn exact(&self, node: u32) -> Option<u64> {
        const TOLD: usize = 8;
        if self.graph.kind(node) != NodeType::Object || self.graph.raw_name(node) != b"Object" {
            return None;
        }
        let properties = self
            .graph
            .edges(node)
            .filter(|edge| edge.kind == EdgeType::Property);
        let kind = self.labels.node(node);
        Some(properties.take(TOLD).fold(kind, |kind, edge| {
            kind.rotate_left(5) ^ self.labels.edge(&edge)
        }))
    }

    /// How much of what is said to be new is so by its kind, in quarters.
    #[inline(never)]
    fn newness(&self, counts: &FxHashMap<u64, (u64, u64)>, growing: &Growth) -> u64 {
        if growing.in_place {
            return 2;
        }
        let (before, after) = counts[&self.of_members(growing)];
        after.saturating_sub(before) * 4 / growing.more().max(1)
    }

    /// Of what grows: as exactly as its members have it in common.
    #[inline(never)]
    fn of_members(&self, growing: &Growth) -> u64 {
        const LOOKED_AT: usize = 8;
        let Some(&first) = growing.members.first() else {
            return 0;
        };
        let exact = self.exact(first);
        let mut others = growing.members.iter().rev().take(LOOKED_AT);
        exact
            .filter(|_| others.all(|&other| self.exact(other) == exact))
            .unwrap_or_else(|| self.labels.node(first))
    }
}

/// Mends the counts of what seems to have come out of nothing, and was held in another way before: where nearly all of a
/// name are here now, those that there were of it are not new.
pub(crate) fn count_again(first: &Heap, last: &Heap, found: &mut [Growth]) {
    let is_from_nothing =
        |growing: &Growth| growing.counts[0] == 0 && !growing.in_place && !growing.is_single();
    if !found.iter().any(is_from_nothing) {
        return;
    }
    let labels = Labels::new(&last.graph);
    let kinds: Vec<u64> = found
        .iter()
        .filter(|growing| is_from_nothing(growing))
        .filter_map(|growing| growing.members.first())
        .map(|&member| labels.node(member))
        .collect();
    let counts = count(first, last, &kinds, false);
    for growing in found.iter_mut().filter(|growing| is_from_nothing(growing)) {
        let Some(&member) = growing.members.first() else {
            continue;
        };
        let (before, after) = counts[&labels.node(member)];
        let here = growing.more();
        if before < here && here * 10 >= after * 9 {
            growing.counts[0] = before;
            let share = (here - before) as f64 / here as f64;
            growing.bytes = (growing.bytes as f64 * share) as u64;
        }
    }
}

/// How many nodes are of these kinds, in the first and in the last: by name, and `exactly` if need be.
fn count(first: &Heap, last: &Heap, of: &[u64], exactly: bool) -> FxHashMap<u64, (u64, u64)> {
    let mut counts: FxHashMap<u64, (u64, u64)> = of.iter().map(|&kind| (kind, (0, 0))).collect();
    for (heap, is_last) in [(first, false), (last, true)] {
        let kinds = Kinds::new(&heap.graph);
        for node in 0..heap.graph.node_count() as u32 {
            let by_name = Some(kinds.labels.node(node));
            let exact = if exactly { kinds.exact(node) } else { None };
            for kind in [by_name, exact].into_iter().flatten() {
                if let Some((before, after)) = counts.get_mut(&kind) {
                    *(if is_last { after } else { before }) += 1;
                }
            }
        }
    }
    counts
}
