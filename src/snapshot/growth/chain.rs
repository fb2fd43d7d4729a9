//! Chains: shapes that lead back into themselves, link by link.

use super::{Group, Growth, Key, Member, Side, Walk};
use crate::snapshot::ranking::sorted;

/// The longest block of keys that is recognised as one link of a chain.
const MAX_LINK: usize = 12;

impl Walk<'_> {
    /// Goes on along a chain. What else its links hold waits until all of them were seen: at one place in the chain the
    /// snapshots have different links, but all links of one have a counterpart in the next.
    pub(super) fn follow_link(
        &mut self,
        shape: usize,
        group: Group,
        links: &[Member],
        waves: &mut Vec<(usize, Vec<Member>)>,
    ) {
        let (child, folded) = self.child(shape, group.key);
        if folded {
            let counts = self.sums(&group.members, Side::count);
            self.add_links(child, &group.members, &counts);
        }
        if folded || self.shapes[child].looped {
            waves.push((child, group.members));
        } else if self.has_shapes() {
            // Of a chain's later links shapes tell how many there are, and not what each of them holds.
            if self.was_looked_into(links) {
                self.consider(shape, group, links, waves);
            }
        } else {
            let held = self
                .held_by_links
                .entry((shape, group.key))
                .or_insert(Group {
                    members: Vec::new(),
                    ..group
                });
            held.members.extend(group.members);
        }
    }

    /// What links hold, once no link is left.
    pub(super) fn consider_links(&mut self, waves: &mut Vec<(usize, Vec<Member>)>) {
        let held = std::mem::take(&mut self.held_by_links);
        let held = sorted(held.into_iter().collect(), |((shape, key), _)| {
            (*shape as u128) << 64 | u128::from(key.0)
        });
        for ((shape, _), group) in held {
            self.consider(shape, group, &[], waves);
        }
    }

    /// Where the keys down to `shape` end in one block twice and `key` begins the block again: the second block's start.
    pub(super) fn link_before(&self, shape: usize, key: Key) -> Option<usize> {
        let mut trail = [(0_usize, (0_u64, 0_u64)); 2 * MAX_LINK];
        let mut length = 0;
        let mut at = shape;
        while at != 0 && length < trail.len() {
            trail[length] = (at, self.shapes[at].key);
            length += 1;
            at = self.shapes[at].parent;
        }
        (1..=length / 2).find_map(|link| {
            let repeats = (0..link).all(|step| trail[step].1 == trail[step + link].1);
            (repeats && trail[link - 1].1 == key).then(|| trail[link - 1].0)
        })
    }

    pub(super) fn add_links(&mut self, shape: usize, members: &[Member], counts: &[u64]) {
        let known = self.shapes[shape].group;
        let group = match known {
            Some(group) => group,
            None => {
                self.found.push(Growth {
                    counts: vec![0; self.sides.len()],
                    bytes: 0,
                    members: Vec::new(),
                    in_place: false,
                    chained: true,
                    shape,
                });
                self.shapes[shape].group = Some(self.found.len() - 1);
                self.found.len() - 1
            }
        };
        let last = self.sides.len() - 1;
        let retained = self.sums(members, Side::retained);
        let has_shapes = self.has_shapes();
        let growth = &mut self.found[group];
        for (sum, count) in growth.counts.iter_mut().zip(counts) {
            *sum += count;
        }
        // The first wave retains all the later ones, and is the only one that shapes have.
        if !has_shapes || known.is_none() {
            growth.bytes = growth.bytes.max(retained[last].saturating_sub(retained[0]));
        }
        let side = &self.sides[last];
        growth.members.extend(
            members
                .iter()
                .filter(|member| member.0 as usize == last)
                .map(|member| side.node(member.1)),
        );
    }
}
