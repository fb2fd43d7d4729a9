//! Object ids: whether two snapshots share them, and what is new by them.

use rustc_hash::FxHashMap;

use crate::snapshot::graph::Graph;

/// The greatest id of the program's objects in `graph`: those with greater ones came later in the same process.
pub(crate) fn newest_id(graph: &Graph) -> u32 {
    // Odd ids are V8's own count; even ones are made from addresses of the embedder.
    graph
        .node_ids
        .iter()
        .copied()
        .filter(|id| id % 2 == 1)
        .max()
        .unwrap_or(0)
}

/// Whether both snapshots come from one process, so that one id is one object: nearly all old ids live on, and name
/// nodes of the same kind.
pub(crate) fn have_common_ids(before: &Graph, after: &Graph) -> bool {
    const SAMPLE: usize = 2000;
    let step = (before.node_count() / SAMPLE).max(1);
    let sample: FxHashMap<u32, u32> = (0..before.node_count() as u32)
        .step_by(step)
        .map(|node| (before.id(node), node))
        .collect();
    let mut same = 0;
    for node in 0..after.node_count() as u32 {
        if let Some(&old) = sample.get(&after.id(node))
            && before.kind(old) == after.kind(node)
            && before.size(old) == after.size(node)
            && before.raw_name(old) == after.raw_name(node)
        {
            same += 1;
        }
    }
    same * 2 > sample.len()
}
