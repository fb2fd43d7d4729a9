//! Classes of the first and the last snapshot, side by side.

use rustc_hash::FxHashMap;

use crate::snapshot::heap::Heap;
use crate::snapshot::ids::IdSet;
use crate::snapshot::place::Place;
use crate::snapshot::ranking::{most_grown_first, sorted};
use crate::snapshot::scripts::Scripts;
use crate::snapshot::summary;

/// One class in the first and the last snapshot; sizes in bytes.
#[derive(Clone, Debug, Default)]
pub struct ClassDelta {
    /// Constructor, or V8's group in parentheses.
    pub name: String,
    /// Where the constructor stands.
    pub location: Option<Place>,
    /// Objects in the first.
    pub count_before: u64,
    /// Objects in the last.
    pub count_after: u64,
    /// Their own bytes in the first.
    pub shallow_before: u64,
    /// Their own bytes in the last.
    pub shallow_after: u64,
    /// Bytes that would go with them in the first.
    pub retained_before: u64,
    /// Bytes that would go with them in the last.
    pub retained_after: u64,
    /// Objects and bytes that are in the last only, by id; `None` where ids are not common.
    pub new: Option<(u64, u64)>,
    /// Objects and bytes that are in the first only, by id; `None` where ids are not common.
    pub deleted: Option<(u64, u64)>,
}

/// A class by what is the same in every process: script numbers are not.
type Name = (String, Option<Place>);

/// The classes that changed, the largest change first.
pub(crate) fn compare_classes(
    first: &Heap,
    last: &Heap,
    last_scripts: &Scripts,
    same_process: bool,
) -> Vec<ClassDelta> {
    let first_scripts = Scripts::new(&first.graph);
    let mut deltas: Vec<ClassDelta> = Vec::new();
    let mut index_of: FxHashMap<Name, usize> = FxHashMap::default();
    let mut slots = |heap: &Heap, scripts: &Scripts, deltas: &mut Vec<ClassDelta>| -> Vec<usize> {
        let of_class = |class: &crate::snapshot::classes::Class| {
            let name = (class.key.name.clone(), summary::place(&class.key, scripts));
            *index_of.entry(name.clone()).or_insert_with(|| {
                let empty = same_process.then_some((0, 0));
                deltas.push(ClassDelta {
                    name: name.0,
                    location: name.1,
                    new: empty,
                    deleted: empty,
                    ..ClassDelta::default()
                });
                deltas.len() - 1
            })
        };
        heap.classes.table.iter().map(of_class).collect()
    };
    let first_slots = slots(first, &first_scripts, &mut deltas);
    let last_slots = slots(last, last_scripts, &mut deltas);
    for (class, &slot) in first.classes.table.iter().zip(&first_slots) {
        let delta = &mut deltas[slot];
        delta.count_before += class.count;
        delta.shallow_before += class.shallow;
        delta.retained_before += class.retained;
    }
    for (class, &slot) in last.classes.table.iter().zip(&last_slots) {
        let delta = &mut deltas[slot];
        delta.count_after += class.count;
        delta.shallow_after += class.shallow;
        delta.retained_after += class.retained;
    }
    if same_process {
        count_missing(last, &last_slots, &sized_ids(first), |slot, size| {
            if let Some((count, bytes)) = &mut deltas[slot].new {
                *count += 1;
                *bytes += size;
            }
        });
        count_missing(first, &first_slots, &sized_ids(last), |slot, size| {
            if let Some((count, bytes)) = &mut deltas[slot].deleted {
                *count += 1;
                *bytes += size;
            }
        });
    }
    deltas.retain(|delta| {
        let moved = |pair: Option<(u64, u64)>| pair.is_some_and(|pair| pair.0 > 0);
        delta.count_before != delta.count_after
            || delta.shallow_before != delta.shallow_after
            || moved(delta.new)
            || moved(delta.deleted)
    });
    sorted_by_change(deltas)
}

/// The largest change first.
pub(crate) fn sorted_by_change(deltas: Vec<ClassDelta>) -> Vec<ClassDelta> {
    sorted(deltas, |delta| {
        let change = delta.shallow_after as i64 - delta.shallow_before as i64;
        most_grown_first(change, &delta.name)
    })
}

/// The ids of the objects with a size.
fn sized_ids(heap: &Heap) -> IdSet {
    let sized = |&node: &u32| heap.shallow.get(node) > 0;
    let nodes = (0..heap.graph.node_count() as u32).filter(sized);
    IdSet::new(
        heap.graph.node_count(),
        nodes.map(|node| heap.graph.id(node)),
    )
}

/// Calls `then` with the class and the size of each object of `heap` whose id is not among `ids`.
fn count_missing(heap: &Heap, slots: &[usize], ids: &IdSet, mut then: impl FnMut(usize, u64)) {
    for node in 0..heap.graph.node_count() as u32 {
        let size = heap.shallow.get(node);
        if size > 0 && !ids.contains(heap.graph.id(node)) {
            then(slots[heap.classes.of[node as usize] as usize], size);
        }
    }
}
