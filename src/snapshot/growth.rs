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

mod explained;
mod grouping;
pub(crate) mod moved;

use rustc_hash::FxHashMap;

use crate::snapshot::heap::Heap;
use crate::snapshot::labels::Labels;

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
    shape: usize,
}

/// The longest block of keys that is recognised as one link of a chain.
const MAX_LINK: usize = 12;

/// The most members of a shape which is entered for what it holds rather than for its growth.
const FRAME: u64 = 16;

/// Finds the growing shapes. `floor`: bytes from the first to the last snapshot below which nothing is reported.
pub(crate) fn find(heaps: &[&Heap], newer_than: Option<u32>, floor: u64) -> Vec<Growth> {
    let mut walk = Walk {
        heaps,
        labels: heaps.iter().map(|heap| Labels::new(&heap.graph)).collect(),
        newer_than,
        floor,
        frame_size: heaps
            .last()
            .map_or(0, |heap| heap.total_size() / 200)
            .max(floor),
        shapes: vec![Shape {
            parent: 0,
            key: (0, 0),
            group: None,
            looped: false,
        }],
        children: FxHashMap::default(),
        found: Vec::new(),
        held_by_links: FxHashMap::default(),
    };
    let mut waves = vec![(
        0,
        (0..heaps.len())
            .map(|heap| (heap as u8, 0))
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
    if let Some(last) = heaps.last() {
        explained::explain(last, &shapes, &mut found, floor);
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
    heaps: &'h [&'h Heap],
    labels: Vec<Labels<'h>>,
    newer_than: Option<u32>,
    floor: u64,
    /// Bytes from which on a shape of few members is entered anyway.
    frame_size: u64,
    shapes: Vec<Shape>,
    children: FxHashMap<(usize, Key), usize>,
    found: Vec<Growth>,
    /// What the links of a chain hold beside the next link, by the link's shape.
    held_by_links: FxHashMap<(usize, Key), Vec<Member>>,
}

#[derive(Default)]
struct Group {
    key: Key,
    members: Vec<Member>,
}

impl Walk<'_> {
    fn enter(&mut self, shape: usize, members: &[Member], waves: &mut Vec<(usize, Vec<Member>)>) {
        for group in self.group_children(members) {
            if self.shapes[shape].looped {
                self.follow_link(shape, group, waves);
            } else {
                self.consider(shape, group, waves);
            }
        }
    }

    /// Goes on along a chain. What else its links hold waits until all of them were seen: at one place in the chain the
    /// snapshots have different links, but all links of one have a counterpart in the next.
    fn follow_link(&mut self, shape: usize, group: Group, waves: &mut Vec<(usize, Vec<Member>)>) {
        let (child, folded) = self.child(shape, group.key);
        if folded {
            let counts = self.sums(&group.members, |_, _| 1);
            self.add_links(child, &group.members, &counts);
        }
        if self.shapes[child].looped {
            waves.push((child, group.members));
        } else {
            self.held_by_links
                .entry((shape, group.key))
                .or_default()
                .extend(group.members);
        }
    }

    /// What links hold, once no link is left.
    fn consider_links(&mut self, waves: &mut Vec<(usize, Vec<Member>)>) {
        let mut held: Vec<_> = std::mem::take(&mut self.held_by_links)
            .into_iter()
            .collect();
        held.sort_unstable_by_key(|entry| entry.0);
        for ((shape, key), members) in held {
            self.consider(shape, Group { key, members }, waves);
        }
    }

    /// Enters a group if it grew, and notes it if there are more of it.
    fn consider(&mut self, shape: usize, group: Group, waves: &mut Vec<(usize, Vec<Member>)>) {
        let retained = self.sums(&group.members, |heap, number| {
            heap.dominators.retained[number as usize]
        });
        let last = retained[retained.len() - 1];
        let bytes = last.saturating_sub(retained[0]);
        let counts = self.sums(&group.members, |_, _| 1);
        // The few nodes which hold much (contexts, modules, globals) are entered even where they shrank: something small may
        // grow in them all the same.
        let is_frame = counts[0] <= FRAME
            && counts.iter().all(|&count| count == counts[0])
            && last >= self.frame_size;
        if !(is_frame || grows(&retained) && bytes >= self.floor) {
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
        if grows(&counts) {
            let new = self.new_members(&group.members, &counts);
            let last = (self.heaps.len() - 1) as u8;
            let explained: u64 = new
                .iter()
                .map(|&number| self.heaps[last as usize].dominators.retained[number as usize])
                .sum();
            if explained >= self.floor {
                let node_of = &self.heaps[last as usize].dominators.order.node_of;
                self.found.push(Growth {
                    counts: counts.clone(),
                    bytes: explained.min(bytes),
                    members: new.iter().map(|&number| node_of[number as usize]).collect(),
                    in_place: false,
                    chained: false,
                    shape: child,
                });
            }
            // Twenty new objects do not explain ten megabytes: some of the old ones grew.
            let more = counts[counts.len() - 1] - counts[0];
            if explained >= bytes - bytes / 4 && more > FEW {
                return;
            }
        }
        waves.push((child, group.members));
    }

    fn sums(&self, members: &[Member], value: impl Fn(&Heap, u32) -> u64) -> Vec<u64> {
        let mut sums = vec![0_u64; self.heaps.len()];
        for &(heap, number) in members {
            let sum = &mut sums[heap as usize];
            *sum = sum.saturating_add(value(self.heaps[heap as usize], number));
        }
        sums
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

    /// Where the keys down to `shape` end in one block twice and `key` begins the block again: the second block's start.
    fn link_before(&self, shape: usize, key: Key) -> Option<usize> {
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

    fn add_links(&mut self, shape: usize, members: &[Member], counts: &[u64]) {
        let group = match self.shapes[shape].group {
            Some(group) => group,
            None => {
                self.found.push(Growth {
                    counts: vec![0; self.heaps.len()],
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
        let last = self.heaps.len() - 1;
        let retained = self.sums(members, |heap, number| {
            heap.dominators.retained[number as usize]
        });
        let growth = &mut self.found[group];
        for (sum, count) in growth.counts.iter_mut().zip(counts) {
            *sum += count;
        }
        // The first wave retains all the later ones.
        growth.bytes = growth.bytes.max(retained[last].saturating_sub(retained[0]));
        let node_of = &self.heaps[last].dominators.order.node_of;
        growth.members.extend(
            members
                .iter()
                .filter(|member| member.0 as usize == last)
                .map(|member| node_of[member.1 as usize]),
        );
    }

    /// The members of the last snapshot that were not in the first: by id where ids are common, else the smaller ones,
    /// as many as the count grew by.
    fn new_members(&self, members: &[Member], counts: &[u64]) -> Vec<u32> {
        let last = (self.heaps.len() - 1) as u8;
        let heap = self.heaps[last as usize];
        let mut numbers: Vec<u32> = members
            .iter()
            .filter(|member| member.0 == last)
            .map(|member| member.1)
            .collect();
        match self.newer_than {
            Some(id) => {
                numbers.retain(|&number| {
                    heap.graph
                        .id(heap.dominators.order.node_of[number as usize])
                        > id
                });
            }
            None => {
                let more = (counts[counts.len() - 1] - counts[0]) as usize;
                // What is typical, not what is largest: an old object that grew must not pass for new.
                numbers.sort_by_key(|&number| heap.dominators.retained[number as usize]);
                let median_from = (numbers.len() - more) / 2;
                numbers = numbers[median_from..median_from + more].to_vec();
            }
        }
        numbers
    }

    /// A list inside V8 whose length is no count of nodes: one node, bigger each time.
    fn note_growth_in_place(&mut self, shape: usize, members: &[Member]) {
        let last = self.heaps.len() - 1;
        let own = self.sums(members, |heap, number| {
            heap.shallow
                .get(heap.dominators.order.node_of[number as usize])
        });
        let counts = self.sums(members, |_, _| 1);
        if !grows(&own) || counts[last] != counts[0] || own[last] - own[0] < self.floor {
            return;
        }
        let heap = self.heaps[last];
        // A text never becomes longer: where many were replaced by others, their sizes wander.
        let is_text = members.first().is_some_and(|&(at, number)| {
            let heap = self.heaps[at as usize];
            let node = heap.dominators.order.node_of[number as usize];
            heap.graph.kind(node).is_string()
        });
        if is_text && counts[last] > FRAME {
            return;
        }
        let largest = members
            .iter()
            .filter(|member| member.0 as usize == last)
            .map(|member| heap.dominators.order.node_of[member.1 as usize])
            .max_by_key(|&node| heap.shallow.get(node));
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

/// Whether every value is greater than the one before.
fn grows(values: &[u64]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}
