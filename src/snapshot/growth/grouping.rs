//! The children of corresponding nodes, grouped by how they are called and what they are.

use rustc_hash::{FxHashMap, FxHashSet};

use super::side::Direct;
use super::{Group, Key, Member, Walk};
use crate::snapshot::labels::INDEXED;

/// Among so many owners their properties are compared; a class of more has properties, and not keys.
const FEW_OWNERS: usize = 4096;

impl Walk<'_> {
    /// The children of `members` by how they are called and what they are.
    pub(super) fn group_children(&self, members: &[Member]) -> Vec<Group> {
        let entries = self.entry_labels(members);
        let mut groups: Vec<Group> = Vec::new();
        let mut by_key: FxHashMap<Key, usize> = FxHashMap::default();
        let mut direct = Direct::new();
        // Neighbours are alike as a rule.
        let mut latest: Option<(Key, usize)> = None;
        for &(index, number) in members {
            let side = &self.sides[index as usize];
            side.children(number, &mut direct, |child, held, what| {
                let is_entry = held.is_property && entries.contains(&what);
                let key = (if is_entry { INDEXED } else { held.label }, what);
                let group = match latest {
                    Some((known, group)) if known == key => group,
                    _ => *by_key.entry(key).or_insert_with(|| {
                        groups.push(Group {
                            key,
                            members: Vec::new(),
                            is_property: held.is_property,
                        });
                        groups.len() - 1
                    }),
                };
                latest = Some((key, group));
                groups[group].members.push((index, child));
            });
        }
        groups
    }

    /// What on any of the sides hangs at so many properties of one object that their names are keys: they must not part
    /// what is alike, or each of forty lists in a dictionary would grow too little to be seen.
    fn entry_labels(&self, members: &[Member]) -> FxHashSet<u64> {
        let mut entries = FxHashSet::default();
        if members.len() > FEW_OWNERS {
            return entries;
        }
        let mut direct = Direct::new();
        for &(index, number) in members {
            self.sides[index as usize].add_entries(number, &mut direct, &mut entries);
        }
        entries
    }
}
