//! What is only held in another way than before, and not new.
//!
//! Where a module is loaded or a global replaced, all that hung on one object may hang on another, and a shape seems to have
//! grown out of nothing. In a third snapshot it does not grow again, and ids tell what is old; two snapshots without common
//! ids leave the classes: what came here must then be missing elsewhere.

use rustc_hash::FxHashMap;

use super::Growth;
use crate::snapshot::heap::Heap;
use crate::snapshot::labels::Labels;

/// Takes out what cannot be new: more bytes than the heap grew by, and hardly more objects of this name than before. If
/// there is such growth, much hangs on other objects than before, and nothing is believed that is more than the heap's own.
pub(crate) fn take_out(first: &Heap, last: &Heap, found: &mut Vec<Growth>) -> u64 {
    let growth = last.total_size().saturating_sub(first.total_size());
    let is_doubtful = |growing: &Growth| growing.bytes / 2 > growth;
    if !found.iter().any(is_doubtful) {
        return 0;
    }
    let labels = Labels::new(&last.graph);
    let counts = count(first, last, found.iter());
    let is_moved = |growing: &Growth| {
        let member = growing.members.first().filter(|_| !growing.in_place);
        member.is_some_and(|&member| {
            let (before, after) = counts[&labels.node(member)];
            after.saturating_sub(before) * 4 < growing.more()
        })
    };
    if !found
        .iter()
        .any(|growing| is_doubtful(growing) && is_moved(growing))
    {
        return 0;
    }
    let (moved, new): (Vec<Growth>, Vec<Growth>) = std::mem::take(found)
        .into_iter()
        .partition(|growing| is_moved(growing) || growing.bytes > growth);
    *found = new;
    moved.iter().map(|growing| growing.bytes).sum::<u64>()
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
    let counts = count(
        first,
        last,
        found.iter().filter(|growing| is_from_nothing(growing)),
    );
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

/// How many nodes are called as the members of these are, in the first and in the last.
fn count<'a>(
    first: &Heap,
    last: &Heap,
    found: impl Iterator<Item = &'a Growth>,
) -> FxHashMap<u64, (u64, u64)> {
    let labels = Labels::new(&last.graph);
    let mut counts: FxHashMap<u64, (u64, u64)> = found
        .filter_map(|growing| growing.members.first())
        .map(|&member| (labels.node(member), (0, 0)))
        .collect();
    for (heap, is_last) in [(first, false), (last, true)] {
        let labels = Labels::new(&heap.graph);
        for node in 0..heap.graph.node_count() as u32 {
            if let Some((before, after)) = counts.get_mut(&labels.node(node)) {
                *(if is_last { after } else { before }) += 1;
            }
        }
    }
    counts
}
