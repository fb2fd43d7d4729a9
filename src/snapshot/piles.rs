//! From growing shapes to where they pile up: the accumulation point.

use rustc_hash::FxHashMap;

use crate::snapshot::graph::Edge;
use crate::snapshot::growth::Growth;
use crate::snapshot::heap::Heap;
use crate::snapshot::paths::Paths;
use crate::snapshot::trail::{self, Step};

/// How many members of a shape are looked at to find what they have in common.
const SPECIMENS: usize = 64;

/// A growing shape with the place where it piles up.
#[derive(Debug)]
pub(crate) struct Pile {
    pub(crate) growth: Growth,
    /// From the root to a specimen, folded.
    pub(crate) steps: Vec<Step>,
    /// How many of `steps` lead to the accumulation point, the last node that nearly all specimens share.
    pub(crate) shared: usize,
    /// The specimen.
    pub(crate) specimen: u32,
}

/// Finds the accumulation point of each growth.
pub(crate) fn locate(heap: &Heap, growths: Vec<Growth>) -> Vec<Pile> {
    locate_each(heap, growths).flatten().collect()
}

/// The same, one for each growth, as far as they are asked for.
pub(crate) fn locate_each(heap: &Heap, growths: Vec<Growth>) -> impl Iterator<Item = Option<Pile>> {
    let paths = Paths::new(&heap.graph, &heap.dominators.order);
    growths
        .into_iter()
        .map(move |growth| pile(heap, &paths, growth))
}

fn pile(heap: &Heap, paths: &Paths<'_>, growth: Growth) -> Option<Pile> {
    let step = (growth.members.len() / SPECIMENS).max(1);
    let ways: Vec<Vec<(u32, Edge)>> = growth
        .members
        .iter()
        .step_by(step)
        .map(|&node| paths.to(node))
        .filter(|way| !way.is_empty())
        .collect();
    let shared = common_length(&ways);
    let last_shared = |way: &[(u32, Edge)]| {
        shared == 0 || way.get(shared - 1).map(|at| at.1.to) == Some(shared_node(&ways, shared))
    };
    // Of the specimens behind the shared part: the deepest of a chain, so that its whole length is seen, else the first.
    let candidates = ways.iter().filter(|way| last_shared(way));
    let way = if growth.chained {
        candidates.max_by_key(|way| way.len())
    } else {
        candidates.min_by_key(|way| way.len())
    }?;
    let mut way = way.clone();
    if growth.in_place {
        way.extend(to_largest_part(heap, way.last()?.1.to));
    }
    let specimen = way.last()?.1.to;
    let steps = trail::describe(&heap.graph, &way);
    let shared = if growth.in_place {
        steps.len()
    } else {
        folded_length(&steps, shared)
    };
    Some(Pile {
        growth,
        steps,
        shared,
        specimen,
    })
}

/// The edges from an object to the largest of the backing stores that count for it, if that is what makes it big.
fn to_largest_part(heap: &Heap, owner: u32) -> Vec<(u32, Edge)> {
    const BUDGET: usize = 10_000;
    let graph = &heap.graph;
    let mut reached_by: FxHashMap<u32, (u32, Edge)> = FxHashMap::default();
    let mut pending = std::collections::VecDeque::from([owner]);
    let mut largest = owner;
    while let Some(node) = pending.pop_front() {
        if reached_by.len() > BUDGET {
            break;
        }
        for edge in graph.edges(node) {
            // Parts of the owner handed their bytes over; anything else keeps its own.
            let is_part =
                edge.to != owner && heap.shallow.get(edge.to) == 0 && graph.size(edge.to) > 0;
            if is_part
                && edge.kind.is_essential(node, edge.to)
                && !reached_by.contains_key(&edge.to)
            {
                reached_by.insert(edge.to, (node, edge));
                pending.push_back(edge.to);
                if largest == owner || graph.size(edge.to) > graph.size(largest) {
                    largest = edge.to;
                }
            }
        }
    }
    if graph.size(largest) * 2 < heap.shallow.get(owner) {
        return Vec::new();
    }
    let mut way = Vec::new();
    while largest != owner {
        let Some(&(from, edge)) = reached_by.get(&largest) else {
            break;
        };
        way.push((from, edge));
        largest = from;
    }
    way.reverse();
    way
}

/// How many edges from the root on more than two thirds of the ways have in common.
fn common_length(ways: &[Vec<(u32, Edge)>]) -> usize {
    let mut length = 0;
    loop {
        let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
        for way in ways
            .iter()
            .filter(|way| way.len() > length + 1 || ways.len() == 1)
        {
            if let Some((_, edge)) = way.get(length) {
                *counts.entry(edge.to).or_insert(0) += 1;
            }
        }
        match counts.values().max() {
            Some(&most) if most * 3 > ways.len() * 2 => length += 1,
            _ => return length,
        }
    }
}

/// The node which most of the ways reach after `length` edges.
fn shared_node(ways: &[Vec<(u32, Edge)>], length: usize) -> u32 {
    let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
    for (_, edge) in ways.iter().filter_map(|way| way.get(length - 1)) {
        *counts.entry(edge.to).or_insert(0) += 1;
    }
    counts
        .into_iter()
        .max_by_key(|entry| entry.1)
        .map_or(0, |entry| entry.0)
}

/// Steps of the folded path which cover `length` edges; a fold that begins there is left out.
fn folded_length(steps: &[Step], length: usize) -> usize {
    let mut edges = 0;
    for (index, step) in steps.iter().enumerate() {
        if step.block > 0 && edges + step.block * step.repeats as usize > length {
            return index;
        }
        if step.block > 0 {
            edges += step.block * (step.repeats as usize - 1);
        }
        edges += 1;
        if edges > length {
            return index;
        }
    }
    steps.len()
}
