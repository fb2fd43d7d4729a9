//! Object ids: whether two snapshots share them, and what is new by them.

use rustc_hash::FxHashMap;

use crate::snapshot::graph::Graph;

/// The greatest id of the program's objects in `graph`: those with greater ones came later in the same process.
pub(crate) fn newest_id(graph: &Graph) -> u32 {
    graph
        .node_ids
        .iter()
        .copied()
        .filter(|&id| is_of_v8(id))
        .max()
        .unwrap_or(0)
}

/// Odd ids are V8's own count; even ones are made from addresses of the embedder.
fn is_of_v8(id: u32) -> bool {
    id % 2 == 1
}

/// Whether one id is one object in both: they come from one process, and V8 kept track of what moved between them.
///
/// Where it did not (this addon ends the tracking with each snapshot, for it makes the process slower), an old id may lie
/// where another object lies now. Ids are believed only if nearly all old ones that are left name what they named, and if
/// at least as many nodes are new by their ids as there are more of them.
pub(crate) fn have_common_ids(before: &Graph, after: &Graph) -> bool {
    let sample = Sample::of(before.node_count());
    let old: FxHashMap<u32, u32> = sample.nodes(before).collect();
    let (mut left, mut same) = (0, 0);
    for (id, node) in sample.nodes(after) {
        let Some(&old) = old.get(&id) else {
            continue;
        };
        left += 1;
        let is_same = before.kind(old) == after.kind(node)
            && before.size(old) == after.size(node)
            && before.raw_name(old) == after.raw_name(node);
        same += usize::from(is_same);
    }
    let newest = newest_id(before);
    let is_new = |&&id: &&u32| id > newest && is_of_v8(id);
    let new = after.node_ids.iter().filter(is_new).count();
    let more = after.node_count().saturating_sub(before.node_count());
    same * 2 > old.len() && same * 20 > left * 19 && new >= more
}

/// About two thousand objects, chosen by their ids: the same in each snapshot, and a multiplication tells.
struct Sample {
    below: u32,
}

impl Sample {
    fn of(node_count: usize) -> Sample {
        const SIZE: usize = 2000;
        Sample {
            below: u32::MAX / (node_count / SIZE).max(1) as u32,
        }
    }

    /// Those of `graph`, by id.
    fn nodes(self: &Sample, graph: &Graph) -> impl Iterator<Item = (u32, u32)> {
        // Multiplied by the golden ratio's 32 bits, ids that follow each other lie far apart.
        let is_chosen = |id: u32| id.wrapping_mul(0x9e37_79b9) <= self.below;
        (0..)
            .zip(&graph.node_ids)
            .filter(move |&(_, &id)| is_chosen(id))
            .map(|(node, &id)| (id, node))
    }
}

/// A set of object ids. V8 counts its own up, so that they lie close together: one bit each. Those of the embedder are
/// made from addresses and lie anywhere below 2³²: a sorted list, for a bit each would take up to half a gigabyte.
pub(crate) struct IdSet {
    low: Vec<u64>,
    /// Sorted.
    high: Vec<u32>,
}

impl IdSet {
    /// `ids` of a snapshot with `node_count` nodes: memory is bounded by these.
    pub(crate) fn new(node_count: usize, ids: impl Iterator<Item = u32>) -> IdSet {
        /// Ids for each node which have a bit.
        const SPREAD: usize = 32;
        let most = node_count.saturating_mul(SPREAD) / 64;
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for id in ids {
            let word = id as usize / 64;
            if word >= most {
                high.push(id);
                continue;
            }
            if word >= low.len() {
                low.resize((word + 1).next_power_of_two().min(most), 0_u64);
            }
            low[word] |= 1 << (id % 64);
        }
        high.sort_unstable();
        IdSet { low, high }
    }

    pub(crate) fn contains(&self, id: u32) -> bool {
        match self.low.get(id as usize / 64) {
            Some(word) if word >> (id % 64) & 1 != 0 => true,
            _ => !self.high.is_empty() && self.high.binary_search(&id).is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_ids_close_together_and_far_apart() {
        let ids = [
            1,
            3,
            5,
            63,
            64,
            127,
            128,
            129,
            70_000,
            4_000_000_002,
            u32::MAX,
        ];
        let set = IdSet::new(ids.len(), ids.into_iter());
        assert!(set.low.len() <= 32 * ids.len() / 64);
        for id in ids {
            assert!(set.contains(id), "{id}");
            assert_eq!(
                set.contains(id.wrapping_sub(1)),
                ids.contains(&id.wrapping_sub(1))
            );
        }
        assert!(!IdSet::new(0, std::iter::empty()).contains(0));
    }
}
