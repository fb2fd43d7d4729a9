//! What each of the things that pile up has in it: an array, a plain object or a function says little by itself.

use crate::snapshot::graph::Graph;
use crate::snapshot::heap::Heap;
use crate::snapshot::kind::NodeType;
use crate::snapshot::names;

/// Members that are looked into.
const SAMPLES: usize = 64;

/// Objects that are looked at in each.
const BUDGET: usize = 24;

/// The class of which nine in ten of `members` have an instance for themselves; the nearest, if there are several. `None` if the
/// members are instances of a class.
#[inline(never)]
pub(crate) fn class_in_each(heap: &Heap, members: &[u32]) -> Option<String> {
    let step = (members.len() / SAMPLES).max(1);
    let samples = || members.iter().step_by(step);
    if samples().any(|&member| is_instance(&heap.graph, member)) {
        return None;
    }
    let classes: Vec<Vec<u32>> = samples().map(|&member| classes_in(heap, member)).collect();
    let most_have = |class: &&u32| {
        let having = classes.iter().filter(|in_one| in_one.contains(class));
        having.count() * 10 >= classes.len() * 9
    };
    // One that lacks it may be the first.
    let class = classes.iter().take(2).flatten().find(most_have)?;
    Some(names::shorten(&heap.graph.string(*class), 60))
}

/// The names of the classes of what `member` alone holds, nearest first.
fn classes_in(heap: &Heap, member: u32) -> Vec<u32> {
    let mut found = vec![heap.dominators.number(member)];
    let mut classes = Vec::new();
    let mut at = 0;
    while at < found.len() && found.len() < BUDGET {
        let left = BUDGET - found.len();
        let children: Vec<u32> = heap.tree.children(found[at]).take(left).collect();
        found.extend(children);
        at += 1;
    }
    for &number in &found[1..] {
        let node = heap.dominators.order.node_of[number as usize];
        if is_instance(&heap.graph, node) {
            classes.push(heap.graph.node_names[node as usize]);
        }
    }
    classes
}

/// Whether it is an object of a class that is written in JavaScript: V8 tells where its constructor stands.
fn is_instance(graph: &Graph, node: u32) -> bool {
    graph.kind(node) == NodeType::Object
        && graph.location(node).is_some()
        && !matches!(graph.raw_name(node), b"" | b"Object")
}
