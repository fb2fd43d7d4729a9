//! What is left of one heap for later comparisons: its shapes, the largest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Member, Side, Walk};
use crate::snapshot::heap::Heap;
use crate::snapshot::labels::INDEXED;
use crate::snapshot::shapes::{Shape, Shapes};

/// The shapes of a heap, and which of its nodes each stands for.
pub(crate) struct Recorded {
    pub(crate) shapes: Shapes,
    /// By shape, as nodes.
    pub(crate) members: Vec<Vec<u32>>,
    /// By shape: its members form a chain.
    pub(crate) chained: Vec<bool>,
}

/// A shape to be looked into: the largest first, and among equals the earliest.
type Next = (u64, Reverse<u64>, Entered);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entered {
    /// Its number among those recorded.
    recorded: u32,
    /// Its number among those of the walk.
    shape: usize,
    /// It is part of a chain.
    chain: Option<Chain>,
    members: Vec<Member>,
}

/// Where a chain stands; shapes by their numbers among those recorded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Chain {
    /// Its first link, which knows the nodes of all.
    first: u32,
    /// The link it is at.
    link: u32,
    /// How many there have been.
    links: u32,
    /// The link it is at stands for all the others.
    is_summed_up: bool,
}

/// Links that are recorded one by one, with what hangs at each: functions that await each other are short chains, and what
/// a program keeps may hang below them.
const LINKS: u32 = 32;

/// Records the shapes that retain at least `floor` bytes, `limit` at the most.
pub(crate) fn record(heap: &Heap, floor: u64, limit: usize) -> Recorded {
    let side = Side::heap(heap);
    let sides = [&side];
    let mut recording = Recording {
        walk: Walk::new(&sides, None, floor),
        left_out: 0,
        shapes: vec![Shape {
            count: 1,
            retained: heap.total_size(),
            ..Shape::default()
        }],
        members: vec![vec![0]],
        chained: vec![false],
        queue: BinaryHeap::new(),
        order: 0,
        limit,
    };
    recording.push(heap.total_size(), 0, 0, None, vec![(0, 0)]);
    while let Some((retained, _, entered)) = recording.queue.pop() {
        recording.enter(retained, &entered);
    }
    let node_of = &heap.dominators.order.node_of;
    for list in &mut recording.members {
        for member in list {
            *member = node_of[*member as usize];
        }
    }
    let (shapes, order) = Shapes::new(recording.shapes, recording.left_out);
    let mut members = recording.members;
    Recorded {
        shapes,
        members: order
            .iter()
            .map(|&at| std::mem::take(&mut members[at]))
            .collect(),
        chained: order.iter().map(|&at| recording.chained[at]).collect(),
    }
}

struct Recording<'h> {
    walk: Walk<'h>,
    shapes: Vec<Shape>,
    members: Vec<Vec<u32>>,
    chained: Vec<bool>,
    queue: BinaryHeap<Next>,
    order: u64,
    limit: usize,
    /// Bytes that the largest of those left out retains.
    left_out: u64,
}

impl Recording<'_> {
    fn enter(&mut self, retained: u64, entered: &Entered) {
        for group in self.walk.group_children(&entered.members) {
            let sum = self.walk.sums(&group.members, Side::retained)[0];
            let is_small = sum < self.walk.floor || self.shapes.len() >= self.limit;
            if entered.chain.is_none() && is_small {
                self.leave_out(entered.recorded, sum);
                continue;
            }
            let (child, folded) = self.walk.child(entered.shape, group.key);
            if folded {
                // From now on this is where links are counted.
                self.walk.shapes[child].group.get_or_insert(0);
            }
            let in_loop = folded || self.walk.shapes[child].looped;
            let mut chain = entered.chain.filter(|_| in_loop);
            if let Some(at) = &mut chain {
                at.is_summed_up |= is_small || folded && at.links == LINKS;
                if at.is_summed_up {
                    if folded {
                        self.shapes[at.link as usize].count += group.members.len() as u64;
                        self.note_links(at.first, &group.members);
                    }
                    self.push(retained, entered.recorded, child, chain, group.members);
                    continue;
                }
            } else if entered.chain.is_some_and(|at| at.is_summed_up) {
                self.shapes[entered.recorded as usize].is_cut = true;
                continue;
            } else if is_small {
                self.leave_out(entered.recorded, sum);
                continue;
            }
            let recorded = self.shapes.len() as u32;
            self.shapes.push(Shape {
                parent: entered.recorded,
                key: group.key,
                count: group.members.len() as u64,
                retained: sum,
                own: self.walk.sums(&group.members, Side::own)[0],
                is_property: group.is_property && group.key.0 != INDEXED,
                is_entry: group.is_property && group.key.0 == INDEXED,
                is_cut: false,
            });
            self.members.push(Vec::new());
            self.chained.push(folded && chain.is_none());
            match &mut chain {
                Some(at) if folded => {
                    (at.link, at.links) = (recorded, at.links + 1);
                    self.note_links(at.first, &group.members);
                }
                Some(_) => {}
                None => {
                    self.note_links(recorded, &group.members);
                    chain = folded.then_some(Chain {
                        first: recorded,
                        link: recorded,
                        links: 1,
                        is_summed_up: false,
                    });
                }
            }
            self.push(sum, recorded, child, chain, group.members);
        }
    }

    fn leave_out(&mut self, owner: u32, retained: u64) {
        self.shapes[owner as usize].is_cut |= retained > 0;
        self.left_out = self.left_out.max(retained);
    }

    fn note_links(&mut self, recorded: u32, members: &[Member]) {
        let numbers = members.iter().map(|member| member.1);
        self.members[recorded as usize].extend(numbers);
    }

    fn push(
        &mut self,
        retained: u64,
        recorded: u32,
        shape: usize,
        chain: Option<Chain>,
        members: Vec<Member>,
    ) {
        self.order += 1;
        let entered = Entered {
            recorded,
            shape,
            chain,
            members,
        };
        self.queue.push((retained, Reverse(self.order), entered));
    }
}
