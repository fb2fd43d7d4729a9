//! What grows from snapshot to snapshot, by shape, without needing common ids.
//!
//! The dominator trees of all snapshots are walked together from the root. The children of corresponding nodes are
//! grouped by how they are called and what they are; groups are compared, and only those whose retained size grew in
//! every step are entered, so that the walk costs what grows and not what is there. A group with more members in every
//! snapshot is growth itself: it is not entered, and hides what grows below (LeakCanary's rule). One whose members stay
//! the same is followed down.
//!
//! A chain (promises, closures, a linked list) would be as deep as it is long. When the last keys on the way down are
//! one block twice, the third time leads back into the second, so that the links become members of one shape.

mod chain;
mod explained;
mod grouping;
pub(crate) mod moved;
mod record;
mod side;

use rustc_hash::FxHashMap;

use crate::snapshot::labels;

pub(crate) use record::{Recorded, record};
pub(crate) use side::Side;

/// Nodes of one shape that grew.
#[derive(Debug)]
pub(crate) struct Growth {
    /// Members in each snapshot.
    pub(crate) counts: Vec<u64>,
    /// Bytes they retain, from the first snapshot to the last.
    pub(crate) bytes: u64,
    /// Members in the last snapshot that are likely to be new, as nodes.
    pub(crate) members: Vec<u32>,
    /// The node itself became bigger, not more numerous.
    pub(crate) in_place: bool,
    /// The members form a chain.
    pub(crate) chained: bool,
    /// Its place among the shapes of the walk.
    pub(crate) shape: usize,
}

/// The most members of a shape which is entered for what it holds rather than for its growth.
const FRAME: u64 = 16;

/// The most scopes that are entered all the same.
const SCOPES: usize = 16384;

/// Finds the growing shapes. `floor`: bytes from the first side to the last below which nothing is reported. All but the
/// last may be shapes alone, or all are: `members` are then shapes of the last.
pub(crate) fn find(sides: &[&Side<'_>], newer_than: Option<u32>, floor: u64) -> Vec<Growth> {
    let mut walk = Walk::new(sides, newer_than, floor);
    let mut waves = vec![(
        0,
        (0..sides.len())
            .map(|side| (side as u8, 0))
            .collect::<Vec<_>>(),
    )];
    while !waves.is_empty() {
        while let Some((shape, members)) = waves.pop() {
            walk.enter(shape, &members, &mut waves);
        }
        walk.consider_links(&mut waves);
    }
    let Walk {
        mut found, shapes, ..
    } = walk;
    match sides.last() {
        Some(Side::Heap(last, _)) => explained::explain(last, &shapes, &mut found, floor),
        _ => explained::explain_shapes(&shapes, &mut found, floor),
    }
    found
}

impl Growth {
    /// Members that the last snapshot has more than the first.
    pub(crate) fn more(&self) -> u64 {
        let count = |value: Option<&u64>| value.copied().unwrap_or(0);
        count(self.counts.last()).saturating_sub(count(self.counts.first()))
    }

    /// Takes in members of another growth, which had `counts` of them.
    fn add(&mut self, counts: &[u64], members: Vec<u32>) {
        for (sum, count) in self.counts.iter_mut().zip(counts) {
            *sum += count;
        }
        self.members.extend(members);
    }

    /// One object that became longer, or a few that are new: a table was doubled, a pool refilled, a module loaded.
    pub(crate) fn is_single(&self) -> bool {
        self.in_place || !self.chained && self.more() <= FEW
    }
}

/// So few new members are looked into, for what they hold.
const FEW: u64 = 3;

type Key = (u64, u64);
type Member = (u8, u32);

struct Shape {
    parent: usize,
    key: Key,
    /// Its place in `found`, if it begins the link of a chain.
    group: Option<usize>,
    /// It is part of a chain's link.
    looped: bool,
}

struct Walk<'h> {
    sides: &'h [&'h Side<'h>],
    newer_than: Option<u32>,
    floor: u64,
    /// Bytes from which on a shape of few members is entered anyway.
    frame_size: u64,
    /// The label of scopes.
    scopes: u64,
    shapes: Vec<Shape>,
    children: FxHashMap<(usize, Key), usize>,
    found: Vec<Growth>,
    /// What the links of a chain hold beside the next link, by the link's shape.
    held_by_links: FxHashMap<(usize, Key), Group>,
}

#[derive(Default)]
struct Group {
    key: Key,
    members: Vec<Member>,
    /// The first of them hangs at a property.
    is_property: bool,
}

impl<'h> Walk<'h> {
    fn new(sides: &'h [&'h Side<'h>], newer_than: Option<u32>, floor: u64) -> Walk<'h> {
        Walk {
            sides,
            newer_than,
            floor,
            frame_size: sides
                .last()
                .map_or(0, |side| side.total_size() / 200)
                .max(floor),
            scopes: labels::of_scopes(),
            shapes: vec![Shape {
                parent: 0,
                key: (0, 0),
                group: None,
                looped: false,
            }],
            children: FxHashMap::default(),
            found: Vec::new(),
            held_by_links: FxHashMap::default(),
        }
    }

    fn enter(&mut self, shape: usize, members: &[Member], waves: &mut Vec<(usize, Vec<Member>)>) {
        for group in self.group_children(members) {
            if self.shapes[shape].looped {
                self.follow_link(shape, group, members, waves);
            } else {
                self.consider(shape, group, members, waves);
            }
        }
    }

    /// Enters a group of what `owners` hold if it grew, and notes it if there are more of it.
    fn consider(
        &mut self,
        shape: usize,
        group: Group,
        owners: &[Member],
        waves: &mut Vec<(usize, Vec<Member>)>,
    ) {
        let retained = self.sums(&group.members, Side::retained);
        let last = retained[retained.len() - 1];
        let bytes = last.saturating_sub(retained[0]);
        let counts = self.sums(&group.members, Side::count);
        // The few nodes which hold much (contexts, modules, globals) are entered even where they shrank: something small may
        // grow in them all the same.
        let is_same = counts[0] <= FRAME && counts.iter().all(|&count| count == counts[0]);
        // So are the scopes of all modules, which nothing but the root holds alone: V8 drops the code of functions in them.
        let is_scopes = shape == 0 && group.key.1 == self.scopes && group.members.len() <= SCOPES;
        let is_frame = (is_same || is_scopes) && last >= self.frame_size;
        // What was too small to be kept of an earlier side may have grown in each step, or not.
        let grows = |values: &[u64]| self.grows(values, owners);
        let (more_bytes, more_members) = (grows(&retained), grows(&counts));
        let floor = self.floor + self.unknown(retained[0], owners);
        if !(is_frame || more_bytes && bytes >= floor) {
            return;
        }
        let (child, folded) = self.child(shape, group.key);
        if folded {
            self.add_links(child, &group.members, &counts);
            waves.push((child, group.members));
            return;
        }
        if self.shapes[child].looped {
            waves.push((child, group.members));
            return;
        }
        self.note_growth_in_place(child, &group.members);
        if more_members && (more_bytes || !is_scopes) {
            let (new, explained) = self.new_members(&group.members, &counts);
            if explained >= self.floor {
                let last = &self.sides[self.sides.len() - 1];
                self.found.push(Growth {
                    counts: counts.clone(),
                    bytes: explained.min(bytes),
                    members: new.iter().map(|&number| last.node(number)).collect(),
                    in_place: false,
                    chained: false,
                    shape: child,
                });
            }
            // Twenty new objects do not explain ten megabytes: some of the old ones grew.
            let more = counts[counts.len() - 1] - counts[0];
            let are_shapes = matches!(self.sides.last(), Some(Side::Shapes(_)));
            if explained >= bytes - bytes / 4 && more > explained::most_few(are_shapes) {
                return;
            }
        }
        waves.push((child, group.members));
    }

    fn sums(&self, members: &[Member], value: impl Fn(&Side<'h>, u32) -> u64) -> Vec<u64> {
        let mut sums = vec![0_u64; self.sides.len()];
        for &(side, number) in members {
            let sum = &mut sums[side as usize];
            *sum = sum.saturating_add(value(self.sides[side as usize], number));
        }
        sums
    }

    /// Whether every value is greater than the one before, or unknown like it: `owners` were cut.
    fn grows(&self, values: &[u64], owners: &[Member]) -> bool {
        let is_cut = |side: usize| {
            owners
                .iter()
                .any(|&(at, number)| at as usize == side && self.sides[side].is_cut(number))
        };
        (1..values.len()).all(|at| {
            values[at - 1] < values[at]
                || values[at - 1] == 0 && values[at] == 0 && is_cut(at - 1) && is_cut(at)
        })
    }

    /// Bytes that the first side may have had of what it shows nothing of.
    fn unknown(&self, retained: u64, owners: &[Member]) -> u64 {
        let cut = |&(at, number): &Member| at == 0 && self.sides[0].is_cut(number);
        match self.sides[0] {
            Side::Shapes(shapes) if retained == 0 && owners.iter().any(cut) => shapes.floor(),
            _ => 0,
        }
    }

    /// Whether the first side tells what some of these owners hold.
    fn was_looked_into(&self, owners: &[Member]) -> bool {
        owners.iter().any(|&(at, number)| match self.sides[0] {
            Side::Shapes(shapes) => at == 0 && !shapes.children(number).is_empty(),
            Side::Heap(..) => at == 0,
        })
    }

    fn has_shapes(&self) -> bool {
        self.sides
            .iter()
            .any(|side| matches!(side, Side::Shapes(_)))
    }

    /// The shape of `shape`'s children of this key, and whether that leads back into a chain.
    fn child(&mut self, shape: usize, key: Key) -> (usize, bool) {
        if let Some(&known) = self.children.get(&(shape, key)) {
            return (known, self.shapes[known].group.is_some());
        }
        if let Some(link) = self.link_before(shape, key) {
            self.children.insert((shape, key), link);
            let mut at = shape;
            while at != link {
                self.shapes[at].looped = true;
                at = self.shapes[at].parent;
            }
            self.shapes[link].looped = true;
            return (link, true);
        }
        self.shapes.push(Shape {
            parent: shape,
            key,
            group: None,
            looped: false,
        });
        let child = self.shapes.len() - 1;
        self.children.insert((shape, key), child);
        (child, false)
    }

    /// The members of the last snapshot that were not in the first: by id where ids are common, else those of middling size among
    /// the ones that have no counterpart of their size in the first, as many as the count grew by. And the bytes they retain.
    fn new_members(&self, members: &[Member], counts: &[u64]) -> (Vec<u32>, u64) {
        let last = (self.sides.len() - 1) as u8;
        let more = counts[counts.len() - 1] - counts[0];
        let mut numbers: Vec<u32> = members
            .iter()
            .filter(|member| member.0 == last)
            .map(|member| member.1)
            .collect();
        let heap = match &self.sides[last as usize] {
            Side::Heap(heap, _) => heap,
            Side::Shapes(shapes) => {
                let sum = numbers
                    .iter()
                    .map(|&shape| shapes.retained(shape))
                    .sum::<u64>();
                let each = sum as f64 / counts[counts.len() - 1] as f64;
                return (numbers, (each * more as f64) as u64);
            }
        };
        match self.newer_than {
            Some(id) => {
                numbers.retain(|&number| {
                    heap.graph
                        .id(heap.dominators.order.node_of[number as usize])
                        > id
                });
            }
            None => {
                numbers.sort_unstable_by_key(|&number| heap.dominators.retained[number as usize]);
                let mut before: Vec<u64> = members
                    .iter()
                    .filter(|&&(side, _)| side == 0)
                    .filter(|_| matches!(self.sides[0], Side::Heap(..)))
                    .map(|&(side, number)| self.sides[side as usize].retained(number))
                    .collect();
                before.sort_unstable();
                without_sizes(&mut numbers, &before, |number| {
                    heap.dominators.retained[number as usize]
                });
                let more = (more as usize).min(numbers.len());
                // What is typical, not what is largest: an old object that grew must not pass for new.
                let median_from = (numbers.len() - more) / 2;
                numbers = numbers[median_from..median_from + more].to_vec();
            }
        }
        let retained = numbers
            .iter()
            .map(|&number| heap.dominators.retained[number as usize])
            .sum();
        (numbers, retained)
    }

    /// A list inside V8 whose length is no count of nodes: one node, bigger each time.
    fn note_growth_in_place(&mut self, shape: usize, members: &[Member]) {
        let last = self.sides.len() - 1;
        let own = self.sums(members, Side::own);
        let counts = self.sums(members, Side::count);
        if !grows(&own) || counts[last] != counts[0] || own[last] - own[0] < self.floor {
            return;
        }
        // A text never becomes longer: where many were replaced by others, their sizes wander.
        let is_text = members
            .first()
            .is_some_and(|&(at, number)| self.sides[at as usize].is_text(number));
        if is_text && counts[last] > FRAME {
            return;
        }
        let side = &self.sides[last];
        let largest = members
            .iter()
            .filter(|member| member.0 as usize == last)
            .max_by_key(|member| side.own(member.1))
            .map(|member| side.node(member.1));
        self.found.push(Growth {
            counts,
            bytes: own[last] - own[0],
            members: largest.into_iter().collect(),
            in_place: true,
            chained: false,
            shape,
        });
    }
}

fn is_strong(node: u32, edge: &crate::snapshot::graph::Edge) -> bool {
    edge.kind.is_essential(node, edge.to)
}

/// Leaves out one number for each size that was there before; both go up by size. Of several of one size those in the middle
/// stay, as if nothing were known of what was before.
fn without_sizes(numbers: &mut Vec<u32>, before: &[u64], size: impl Fn(u32) -> u64) {
    let mut before = before.iter().copied().peekable();
    let mut left = Vec::with_capacity(numbers.len());
    for run in numbers.chunk_by(|&a, &b| size(a) == size(b)) {
        let size = size(run[0]);
        while before.next_if(|&other| other < size).is_some() {}
        let mut known = 0;
        while before.next_if_eq(&size).is_some() {
            known += 1;
        }
        let stay = run.len().saturating_sub(known);
        let from = (run.len() - stay) / 2;
        left.extend_from_slice(&run[from..from + stay]);
    }
    *numbers = left;
}

/// Whether every value is greater than the one before.
fn grows(values: &[u64]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}
