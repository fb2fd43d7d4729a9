//! Captures side by side: what hung elsewhere in an earlier one is hung where the last has it.
//!
//! Where a program was when it was captured decides who holds what functions under way look at: the stack beside the
//! object that keeps it for good, and then neither dominates it. In the next capture it is that object's alone. The same
//! things at two places of the tree would count as new, all of them; what they hold in turn tells that they are the same.

use rustc_hash::FxHashMap;

use crate::snapshot::ranking::{largest_first, order};
use crate::snapshot::shapes::{Shape, Shapes};

const NONE: u32 = u32::MAX;
/// Shapes of one name that are looked at for what one of them may have been, the largest.
const CANDIDATES: usize = 16;

/// The shapes of an earlier capture, arranged like the last where they are the same.
pub(super) fn like(last: &Shapes, earlier: &Shapes) -> Shapes {
    let mut pairs = Pairs {
        earlier,
        last,
        below: (1..last.len())
            .map(|shape| {
                let Shape { parent, key, .. } = *last.shape(shape as u32);
                ((parent as usize, key), shape)
            })
            .collect(),
        last_of: vec![NONE; earlier.len()],
        earlier_of: vec![NONE; last.len()],
    };
    pairs.join(0, 0);
    if pairs.look_elsewhere() {
        pairs.rehung()
    } else {
        earlier.clone()
    }
}

/// Which shape of the earlier capture is which of the last.
struct Pairs<'s> {
    earlier: &'s Shapes,
    last: &'s Shapes,
    /// The last one's shapes by what they hang below and how they are called there.
    below: FxHashMap<(usize, (u64, u64)), usize>,
    last_of: Vec<u32>,
    earlier_of: Vec<u32>,
}

impl Pairs<'_> {
    /// What is called the same below these two.
    fn alike(&self, earlier: u32, last: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let children = self.earlier.children(earlier);
        children.filter_map(move |child| {
            let name = (last as usize, self.earlier.key(child));
            Some((child, *self.below.get(&name)? as u32))
        })
    }

    /// Whether neither has a counterpart yet.
    fn are_free(&self, earlier: u32, last: u32) -> bool {
        self.last_of[earlier as usize] == NONE && self.earlier_of[last as usize] == NONE
    }

    /// Takes these two for one, and what has one name below them.
    fn join(&mut self, earlier: u32, last: u32) {
        let mut waiting = vec![(earlier, last)];
        while let Some((earlier, last)) = waiting.pop() {
            if self.are_free(earlier, last) {
                self.last_of[earlier as usize] = last;
                self.earlier_of[last as usize] = earlier;
                waiting.extend(self.alike(earlier, last));
            }
        }
    }

    /// Joins what has no counterpart at its place, the largest first; whether there was any.
    fn look_elsewhere(&mut self) -> bool {
        let by_size = |shapes: &Shapes| {
            order((0..shapes.len() as u32).map(|it| largest_first(shapes.retained(it), "")))
        };
        let others = by_size(self.earlier);
        let mut found = false;
        for shape in by_size(self.last) {
            let (_, name) = self.last.key(shape);
            let best = others
                .iter()
                .filter(|&&other| self.earlier.key(other).1 == name && self.are_free(other, shape))
                .take(CANDIDATES)
                .filter_map(|&other| Some((self.likeness(other, shape)?, other)))
                .max();
            if let Some((_, other)) = best {
                self.join(other, shape);
                found = true;
            }
        }
        found
    }

    /// How many bytes say that the two are the same, and what they hold; `None` if fewer than half of those that the smaller
    /// has.
    fn likeness(&self, earlier: u32, last: u32) -> Option<u64> {
        let least = self.earlier.retained(earlier).min(self.last.retained(last)) / 2;
        let mut common = 0_u64;
        let mut waiting = vec![(earlier, last)];
        while let Some((earlier, last)) = waiting.pop() {
            let same = own_part(self.earlier, earlier).min(own_part(self.last, last));
            common = common.saturating_add(same);
            waiting.extend(self.alike(earlier, last));
        }
        // What holds nothing that is recorded is told by its name alone.
        let is_leaf = |shapes: &Shapes, shape| shapes.children(shape).is_empty();
        let is_known = !is_leaf(self.earlier, earlier) && !is_leaf(self.last, last)
            || self.earlier.key(earlier) == self.last.key(last) && self.earlier.count(earlier) == 1;
        (is_known && common > least).then_some(common)
    }

    /// The earlier shapes at their new places, with what they retain there.
    fn rehung(&self) -> Shapes {
        let count = self.earlier.len();
        let mut shapes: Vec<Shape> = (0..count as u32)
            .map(|shape| Shape {
                retained: own_part(self.earlier, shape),
                ..self.earlier.shape(shape).clone()
            })
            .collect();
        let mut places = self.earlier_of.clone();
        for shape in 1..count {
            if self.last_of[shape] == NONE {
                continue;
            }
            let there = self.last.shape(self.last_of[shape]);
            shapes[shape].key = there.key;
            shapes[shape].is_property = there.is_property;
            shapes[shape].is_entry = there.is_entry;
            let (mut child, mut parent) = (shape, there.parent);
            while places[parent as usize] == NONE {
                // On the way is what only the last has.
                let holder = self.last.shape(parent);
                let held = shapes[child].count.clamp(1, holder.count.max(1));
                let own = holder.own / holder.count.max(1) * held;
                let place = shapes.len();
                shapes.push(Shape {
                    count: held,
                    own,
                    retained: own,
                    ..holder.clone()
                });
                places[parent as usize] = place as u32;
                shapes[child].parent = place as u32;
                (child, parent) = (place, holder.parent);
            }
            shapes[child].parent = places[parent as usize];
        }
        Shapes::new(shapes, self.earlier.floor()).0.summed_up()
    }
}

/// What a shape retains beside what is recorded below it.
fn own_part(shapes: &Shapes, shape: u32) -> u64 {
    let below = shapes.children(shape).map(|child| shapes.retained(child));
    below.fold(shapes.retained(shape), u64::saturating_sub)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::snapshot::diff::growing_shapes;
    use crate::snapshot::growth::{Growth, Side};

    const ROOT: u32 = 0;

    /// `(parent, label, name, count, bytes of each)`; what they retain is summed up.
    fn tree(list: &[(u32, u64, u64, u64, u64)]) -> Shapes {
        let root = Shape {
            count: 1,
            ..Shape::default()
        };
        let shapes = list.iter().map(|&(parent, label, name, count, own)| Shape {
            parent,
            key: (label, name),
            count,
            own: own * count,
            retained: own * count,
            ..Shape::default()
        });
        let all = std::iter::once(root).chain(shapes).collect();
        Shapes::new(all, 100).0.summed_up()
    }

    fn grown(before: &Shapes, after: &Shapes) -> Vec<(Vec<u64>, u64)> {
        let sides = [Side::Shapes(before), Side::Shapes(after)];
        let found = growing_shapes(&sides.iter().collect::<Vec<_>>(), 4096);
        let told = |growth: Growth| (growth.counts, growth.bytes);
        found.into_iter().map(told).collect()
    }

    const SUBJECTS: u64 = 101;
    const INDIRECT: u64 = 2;
    const TABLE: u64 = 103;
    const ENTRY: u64 = 1;

    const PROMISE: u64 = 201;
    const CONTEXT: u64 = 202;
    const MAP: u64 = 203;
    const ARRAY: u64 = 204;
    const SESSION: u64 = 205;
    const BUFFER: u64 = 206;

    /// Sessions in a Map that the variable of a context alone keeps.
    fn kept(sessions: u64) -> Shapes {
        tree(&[
            (ROOT, INDIRECT, PROMISE, 1, 50),
            (1, 111, CONTEXT, 1, 100),
            (2, SUBJECTS, MAP, 1, 30),
            (3, TABLE, ARRAY, 1, 24 * sessions),
            (4, ENTRY, SESSION, sessions, 400),
            (ROOT, 112, BUFFER, 3, 9000),
        ])
    }

    /// The same while a function looks at the Map: nobody dominates it alone.
    fn looked_at(sessions: u64) -> Shapes {
        tree(&[
            (ROOT, INDIRECT, CONTEXT, 1, 100),
            (ROOT, INDIRECT, MAP, 1, 30),
            (2, TABLE, ARRAY, 1, 24 * sessions),
            (3, ENTRY, SESSION, sessions, 400),
            (ROOT, 112, BUFFER, 3, 9000),
        ])
    }

    #[test]
    fn what_functions_under_way_look_at_is_no_news() {
        for (before, after) in [
            (kept(1000), looked_at(3000)),
            (looked_at(1000), kept(3000)),
            (looked_at(1000), looked_at(3000)),
            (kept(1000), kept(3000)),
        ] {
            let found = grown(&like(&after, &before), &after);
            let sessions = found.iter().find(|(_, bytes)| *bytes == 800_000).unwrap();
            assert_eq!(sessions.0, [1000, 3000]);
            let others: u64 = found.iter().map(|(_, bytes)| bytes).sum();
            assert!(others <= 800_000 + 48_000, "{found:?}");
        }
        let found = grown(&kept(1000), &looked_at(3000));
        assert!(found.iter().all(|(counts, _)| counts[0] == 0), "{found:?}");
    }

    #[test]
    fn what_is_the_same_stays_where_it_is() {
        let [small, large] = [kept(1000), kept(3000)];
        assert_eq!(like(&small, &small), small);
        assert_eq!(like(&large, &small), small);
    }

    #[test]
    fn what_is_called_the_same_but_holds_something_else_is_new() {
        let mut other = vec![
            (ROOT, INDIRECT, PROMISE, 1, 50),
            (1, 111, CONTEXT, 1, 100),
            (ROOT, 112, BUFFER, 3, 9000),
        ];
        // Strings in a Map before, sessions in a Map now.
        other.extend([
            (2, 105, MAP, 1, 30),
            (4, TABLE, ARRAY, 1, 24_000),
            (5, ENTRY, 18, 1000, 400),
        ]);
        let before = tree(&other);
        assert_eq!(like(&looked_at(3000), &before), before);
    }

    #[test]
    fn no_byte_is_lost_wherever_things_hang() {
        let mut state = 7_u64;
        let mut below = |limit: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % limit
        };
        for _ in 0..2000 {
            let mut any = || -> Shapes {
                let count = 1 + below(20);
                let list: Vec<_> = (0..count)
                    .map(|at| {
                        (
                            below(at + 1) as u32,
                            below(4),
                            below(5),
                            1 + below(9),
                            below(100),
                        )
                    })
                    .collect();
                tree(&list)
            };
            let (before, after) = (any(), any());
            let found = like(&after, &before);
            assert!(found.len() >= before.len());
            assert!(found.retained(0) >= before.retained(0));
            let reached: usize = (0..found.len() as u32)
                .map(|it| found.children(it).len())
                .sum();
            assert_eq!(reached, found.len() - 1);
        }
    }
}
