//! The part of a dominator tree that people look at: its largest nodes, and what is left of each summed up by class.

use rustc_hash::FxHashMap;

use crate::snapshot::heap::Heap;
use crate::snapshot::names;
use crate::snapshot::ranking::{largest_first, sorted};

/// Nodes reported, at most: they go into a file that people open.
const NODES: usize = 2000;

/// Children reported of one node.
const CHILDREN: usize = 16;

/// Levels reported, at most. A chain of closures or promises is thousands of nodes deep, and as JSON, which indents each
/// level further, it would be tens of megabytes.
const DEPTH: usize = 60;

/// A child is reported if it holds more than this share of the heap, the largest few whatever they hold.
const SHARE: u64 = 2000;

/// Classes that the rest of a node's children are summed up by.
const GROUPS: usize = 4;

/// A part of the dominator tree: the largest children of the largest.
#[derive(Clone, Debug)]
pub struct TreeNode {
    /// The object.
    pub name: String,
    /// V8's type of node.
    pub node_type: &'static str,
    /// Its own bytes.
    pub shallow: u64,
    /// Bytes that would go with it.
    pub retained: u64,
    /// Objects it immediately dominates, in all.
    pub child_count: u64,
    /// The largest of them.
    pub children: Vec<TreeNode>,
    /// The others, by the classes that hold most.
    pub rest: Vec<RestGroup>,
}

/// Objects of one class among those that are not reported by themselves.
#[derive(Clone, Debug)]
pub struct RestGroup {
    /// Their class.
    pub class: String,
    /// How many.
    pub count: u64,
    /// Bytes that would go with them.
    pub retained: u64,
}

struct Kept {
    number: u32,
    depth: usize,
    child_count: u64,
    children: Vec<usize>,
    rest: Vec<RestGroup>,
}

impl Kept {
    fn new(number: u32, depth: usize) -> Kept {
        Kept {
            number,
            depth,
            child_count: 0,
            children: Vec::new(),
            rest: Vec::new(),
        }
    }
}

/// The part of the dominator tree that holds most: level by level, until the bound.
pub(crate) fn largest(heap: &Heap) -> TreeNode {
    let retained = |number: u32| heap.dominators.retained[number as usize];
    let smallest = heap.total_size() / SHARE;
    let mut kept = vec![Kept::new(0, 0)];
    let mut at = 0;
    while at < kept.len() {
        let (large, mut rest): (Vec<u32>, Vec<u32>) = heap
            .tree
            .children(kept[at].number)
            .partition(|&child| retained(child) > smallest);
        kept[at].child_count = (large.len() + rest.len()) as u64;
        let large = sorted(large, |&child| largest_first(retained(child), ""));
        let depth = kept[at].depth + 1;
        let room = if depth > DEPTH {
            0
        } else {
            NODES.saturating_sub(kept.len()).min(CHILDREN)
        };
        let (listed, unlisted) = large.split_at(room.min(large.len()));
        rest.extend(unlisted);
        kept[at].rest = groups(heap, &rest);
        for &child in listed {
            let index = kept.len();
            kept.push(Kept::new(child, depth));
            kept[at].children.push(index);
        }
        at += 1;
    }
    build(heap, kept)
}

/// The classes that hold most of `numbers`.
fn groups(heap: &Heap, numbers: &[u32]) -> Vec<RestGroup> {
    let mut sums: FxHashMap<u32, (u64, u64)> = FxHashMap::default();
    for &number in numbers {
        let node = heap.dominators.order.node_of[number as usize];
        let sum = sums.entry(heap.classes.of[node as usize]).or_default();
        sum.0 += 1;
        sum.1 += heap.dominators.retained[number as usize];
    }
    let name = |class: u32| &heap.classes.table[class as usize].key.name;
    let mut sums = sorted(sums.into_iter().collect(), |&(class, (_, retained))| {
        largest_first(retained, name(class))
    });
    sums.truncate(GROUPS);
    sums.into_iter()
        .map(|(class, (count, retained))| RestGroup {
            class: name(class).clone(),
            count,
            retained,
        })
        .collect()
}

/// Children come after their parents in `kept`, so that taking them from the end finds them finished.
fn build(heap: &Heap, kept: Vec<Kept>) -> TreeNode {
    let mut built: Vec<Option<TreeNode>> = Vec::with_capacity(kept.len());
    built.resize_with(kept.len(), || None);
    for (index, kept) in kept.into_iter().enumerate().rev() {
        let node = heap.dominators.order.node_of[kept.number as usize];
        let children = kept.children.iter();
        built[index] = Some(TreeNode {
            name: if node == 0 {
                "(root)".into()
            } else {
                names::node_name(&heap.graph, node)
            },
            node_type: heap.graph.kind(node).name(),
            shallow: heap.shallow.get(node),
            retained: heap.dominators.retained[kept.number as usize],
            child_count: kept.child_count,
            children: children.filter_map(|&child| built[child].take()).collect(),
            rest: kept.rest,
        });
    }
    built.swap_remove(0).unwrap_or_else(|| TreeNode {
        name: "(root)".into(),
        node_type: "synthetic",
        shallow: 0,
        retained: 0,
        child_count: 0,
        children: Vec::new(),
        rest: Vec::new(),
    })
}
