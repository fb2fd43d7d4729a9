//! The children of corresponding nodes, grouped by how they are called and what they are.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Group, Key, Member, Walk, is_strong};
use crate::snapshot::kind::EdgeType;
use crate::snapshot::labels::{INDEXED, INDIRECT};

/// Properties of one object that hold the same kind of thing, from which on their names are keys.
const ENTRIES: usize = 16;

/// Among so many owners their properties are compared; a class of more has properties, and not keys.
const FEW_OWNERS: usize = 4096;

/// How an owner holds a child.
struct Direct {
    label: u64,
    is_property: bool,
}

impl Walk<'_> {
    /// The children of `members` by how they are called and what they are.
    pub(super) fn group_children(&self, members: &[Member]) -> Vec<Group> {
        let entries = self.entry_labels(members);
        let mut groups: Vec<Group> = Vec::new();
        let mut by_key: FxHashMap<Key, usize> = FxHashMap::default();
        let mut direct: FxHashMap<u32, Direct> = FxHashMap::default();
        for &(index, number) in members {
            direct.clear();
            self.label_children(index as usize, number, &mut direct);
            for child in self.heaps[index as usize].tree.children(number) {
                let what = self.label_node(index as usize, child);
                let label = match direct.get(&child) {
                    None => INDIRECT,
                    Some(edge) if edge.is_property && entries.contains(&what) => INDEXED,
                    Some(edge) => edge.label,
                };
                let key = (label, what);
                let group = *by_key.entry(key).or_insert_with(|| {
                    groups.push(Group {
                        key,
                        members: Vec::new(),
                    });
                    groups.len() - 1
                });
                groups[group].members.push((index, child));
            }
        }
        groups
    }

    fn label_node(&self, index: usize, number: u32) -> u64 {
        let node = self.heaps[index].dominators.order.node_of[number as usize];
        self.labels[index].node(node)
    }

    /// What in any of the heaps hangs at so many properties of one object that their names are keys: they must not part
    /// what is alike, or each of forty lists in a dictionary would grow too little to be seen.
    fn entry_labels(&self, members: &[Member]) -> FxHashSet<u64> {
        let mut entries = FxHashSet::default();
        if members.len() > FEW_OWNERS {
            return entries;
        }
        let mut direct: FxHashMap<u32, Direct> = FxHashMap::default();
        let mut counts: FxHashMap<u64, usize> = FxHashMap::default();
        for &(index, number) in members {
            direct.clear();
            counts.clear();
            self.label_children(index as usize, number, &mut direct);
            for (&child, _) in direct.iter().filter(|entry| entry.1.is_property) {
                let what = self.label_node(index as usize, child);
                *counts.entry(what).or_insert(0) += 1;
            }
            entries.extend(
                counts
                    .iter()
                    .filter(|entry| *entry.1 > ENTRIES)
                    .map(|entry| *entry.0),
            );
        }
        entries
    }

    /// The labels of the edges from `number` to what it dominates.
    fn label_children(&self, index: usize, number: u32, direct: &mut FxHashMap<u32, Direct>) {
        let heap = self.heaps[index];
        let node = heap.dominators.order.node_of[number as usize];
        for edge in heap.graph.edges(node) {
            let to = heap.dominators.number(edge.to);
            if heap.dominators.idom[to as usize] == number && to != 0 && is_strong(node, &edge) {
                direct.entry(to).or_insert_with(|| Direct {
                    label: self.labels[index].edge(&edge),
                    is_property: edge.kind == EdgeType::Property,
                });
            }
        }
    }
}
