//! Growth that other growth explains already: each suspect shall be news.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{FEW, FRAME, Growth, Shape};
use crate::snapshot::dominators::Dominators;
use crate::snapshot::heap::Heap;
use crate::snapshot::ranking::{largest_first, order};

/// Members of a growth that are looked at to find what they lie in.
const SAMPLES: usize = 4096;

/// Steps up the shapes in which a container is looked for: a Map, its table, an entry.
const CONTAINER: usize = 2;

/// Leaves out what is a part of something else that was found.
pub(super) fn explain(heap: &Heap, shapes: &[Shape], found: &mut Vec<Growth>, floor: u64) {
    few_by_many(Some(heap), shapes, found, floor);
    tables_by_entries(shapes, found);
    parts_by_wholes(heap, found, floor);
}

/// The same where nothing but shapes is left. What a shape's new members weigh is not known but on the average, and one of the
/// old ones may have grown: where others are named below, and many of them, it is theirs.
pub(super) fn explain_shapes(shapes: &[Shape], found: &mut Vec<Growth>, floor: u64) {
    few_by_many(None, shapes, found, floor);
}

/// One new object that weighs much is explained by the many it holds, if they were found: it may be the head of a chain
/// that an older snapshot holds differently.
fn few_by_many(heap: Option<&Heap>, shapes: &[Shape], found: &mut Vec<Growth>, floor: u64) {
    let most = most_few(heap.is_none());
    let is_few = |growth: &Growth| is_few(growth, most);
    for few in (0..found.len())
        .filter(|&index| is_few(&found[index]))
        .collect::<Vec<_>>()
    {
        let heads: Vec<u32> = found[few]
            .members
            .iter()
            .filter_map(|&node| Some(heap?.dominators.number(node)))
            .collect();
        let is_above = |growth: &Growth| {
            let mut at = growth.shape;
            while at != 0 && at != found[few].shape {
                at = shapes[at].parent;
            }
            at != 0 && growth.shape != at
        };
        let explained: u64 = found
            .iter()
            .filter(|growth| !is_few(growth))
            .filter(|growth| {
                is_above(growth)
                    || heap
                        .zip(growth.members.first())
                        .is_some_and(|(heap, &node)| {
                            let number = heap.dominators.number(node);
                            heads
                                .iter()
                                .any(|&head| head != number && heap.tree.dominates(head, number))
                        })
            })
            .map(|growth| growth.bytes)
            .sum();
        let rest = found[few].bytes.saturating_sub(explained);
        found[few].bytes = if rest * 4 < found[few].bytes { 0 } else { rest };
    }
    found.retain(|growth| growth.bytes >= floor.min(1));
}

fn is_few(growth: &Growth, most: u64) -> bool {
    !growth.chained && !growth.in_place && growth.more() <= most
}

/// So few new members are looked into: those of shapes weigh what all do on the average.
pub(super) fn most_few(are_shapes: bool) -> u64 {
    if are_shapes { FRAME } else { FEW }
}

/// A table grows with its entries: where those were found and weigh more, it is theirs.
fn tables_by_entries(shapes: &[Shape], found: &mut Vec<Growth>) {
    for table in 0..found.len() {
        let Growth {
            in_place: true,
            shape,
            bytes,
            ..
        } = found[table]
        else {
            continue;
        };
        let is_in_table = |entry: &Growth| {
            std::iter::successors(Some(entry.shape), |&at| Some(shapes[at].parent))
                .skip(1)
                .take(CONTAINER)
                .any(|at| at == shape)
        };
        let entries = (0..found.len())
            .filter(|&at| !found[at].in_place && found[at].bytes >= bytes)
            .filter(|&at| is_in_table(&found[at]))
            .max_by_key(|&at| found[at].bytes);
        if let Some(entries) = entries {
            found[entries].bytes += bytes;
            found[table].bytes = 0;
        }
    }
    found.retain(|growth| growth.bytes > 0);
}

/// What most new members of a growth hold is a part of each of them. What few of them hold is so too if it is less than
/// half of what one weighs; else it grows by itself, and the whole is told without it: one link of a chain may hold a cache.
/// A chain at the end of another goes on with it.
fn parts_by_wholes(heap: &Heap, found: &mut Vec<Growth>, floor: u64) {
    if found.len() < 2 {
        return;
    }
    let ways = WaysUp::new(&heap.dominators, found);
    let parts = order(found.iter().map(|growth| largest_first(growth.bytes, "")));
    let mut part_of: FxHashMap<usize, usize> = FxHashMap::default();
    for part in parts {
        let part = part as usize;
        let Some(inside) = ways.whole_of(&heap.dominators, found, part) else {
            continue;
        };
        let whole = part_of.get(&inside.whole).copied().unwrap_or(inside.whole);
        let bytes = found[part].bytes;
        if part == whole
            || bytes > found[whole].bytes
            || is_few(&found[whole], FEW) && !is_few(&found[part], FEW)
        {
            continue;
        }
        let goes_on = found[part].chained
            && found[whole].chained
            && is_last(heap, &found[inside.whole], inside.host);
        // A chain that has as many links as before only leads to what grows in one of them.
        let more = found[whole].more();
        let is_slight = inside.hosts * 8 >= more || bytes <= found[whole].bytes / more.max(1) / 2;
        if more == 0 || !goes_on && !is_slight {
            found[whole].bytes -= bytes;
            continue;
        }
        found[part].bytes = 0;
        part_of.insert(part, whole);
        if goes_on {
            // Its beginning is where the chain piles up; so the members stay as they are.
            let counts = std::mem::take(&mut found[part].counts);
            found[whole].add(&counts, Vec::new());
        }
    }
    found.retain(|growth| growth.bytes >= floor.max(1));
}

/// Whether no member of `chain` lies behind the one of this number.
fn is_last(heap: &Heap, chain: &Growth, number: u32) -> bool {
    let mut numbers = chain
        .members
        .iter()
        .map(|&node| heap.dominators.number(node));
    !numbers.any(|other| other != number && heap.tree.dominates(number, other))
}

/// The whole that a growth lies in, how many of its members hold some of it, and the number of one of them.
struct Inside {
    whole: usize,
    hosts: u64,
    host: u32,
}

/// Which members of growths dominate samples of others.
struct WaysUp {
    /// Growth by number, for members of growths that dominate a sample.
    hosts: FxHashMap<u32, usize>,
}

impl WaysUp {
    fn new(dominators: &Dominators, found: &[Growth]) -> WaysUp {
        let mut above: FxHashSet<u32> = FxHashSet::default();
        for growth in found {
            for node in samples(growth) {
                let mut at = dominators.idom[dominators.number(node) as usize];
                while at != 0 && above.insert(at) {
                    at = dominators.idom[at as usize];
                }
            }
        }
        let mut hosts = FxHashMap::default();
        for (index, growth) in found.iter().enumerate() {
            let numbers = growth.members.iter().map(|&node| dominators.number(node));
            if !growth.in_place {
                for number in numbers.filter(|number| above.contains(number)) {
                    hosts.entry(number).or_insert(index);
                }
            }
        }
        WaysUp { hosts }
    }

    /// The growth whose members are the nearest around at least three quarters of `part`'s.
    fn whole_of(&self, dominators: &Dominators, found: &[Growth], part: usize) -> Option<Inside> {
        let mut nearest: FxHashMap<u32, u32> = FxHashMap::default();
        let mut hosts: FxHashMap<usize, FxHashSet<u32>> = FxHashMap::default();
        let mut counts: FxHashMap<usize, usize> = FxHashMap::default();
        let mut count = 0;
        let mut way = Vec::new();
        for node in samples(&found[part]) {
            count += 1;
            let mut at = dominators.idom[dominators.number(node) as usize];
            // Up to a member of another growth, or to the root; what was gone over before is known.
            let host = loop {
                if let Some(&known) = nearest.get(&at) {
                    break known;
                }
                if at == 0 || self.hosts.get(&at).is_some_and(|&index| index != part) {
                    break at;
                }
                way.push(at);
                at = dominators.idom[at as usize];
            };
            nearest.extend(way.drain(..).map(|number| (number, host)));
            if let Some(&whole) = self.hosts.get(&host).filter(|_| host != 0) {
                hosts.entry(whole).or_default().insert(host);
                *counts.entry(whole).or_insert(0) += 1;
            }
        }
        let (&whole, &inside) = counts.iter().max_by_key(|entry| (*entry.1, *entry.0))?;
        if inside * 4 < count * 3 {
            return None;
        }
        let host = *hosts[&whole].iter().next()?;
        // Where nearly each sample has a host of its own, so have the others.
        let seen = hosts[&whole].len();
        let hosts = if seen * 2 > count {
            (found[part].members.len() * seen / count) as u64
        } else {
            seen as u64
        };
        Some(Inside { whole, hosts, host })
    }
}

fn samples(growth: &Growth) -> impl Iterator<Item = u32> + '_ {
    let step = (growth.members.len() / SAMPLES).max(1);
    growth.members.iter().copied().step_by(step)
}
