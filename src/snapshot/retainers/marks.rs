//! The marked objects, and the ways into them.

use rustc_hash::FxHashMap;

use crate::snapshot::graph::Graph;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::scripts::text_of;

/// One object with its label.
pub(super) struct Mark {
    pub(super) label: String,
    pub(super) object: u32,
}

/// The objects that instances of `class` mark.
pub(super) fn find(graph: &Graph, class: &str) -> Vec<Mark> {
    let is_mark = |&node: &u32| {
        graph.kind(node) == NodeType::Object && graph.raw_name(node) == class.as_bytes()
    };
    (0..graph.node_count() as u32)
        .filter(is_mark)
        .filter_map(|node| {
            let label = text_of(graph, graph.follow(node, "label")?)?;
            let object = target_of(graph, graph.follow(node, "environment")?)?;
            Some(Mark { label, object })
        })
        .collect()
}

/// What a WeakRef points to: an edge without a name before Node 18.
fn target_of(graph: &Graph, reference: u32) -> Option<u32> {
    graph.follow(reference, "target").or_else(|| {
        graph
            .edges(reference)
            .find(|edge| edge.kind == EdgeType::Hidden)
            .map(|edge| edge.to)
    })
}

/// The nodes by which everything of a realm is reached: its global object, and its native context with the edge that leads
/// from there to the global object.
pub(super) fn doors(graph: &Graph, marks: &[Mark]) -> FxHashMap<u32, Option<u32>> {
    let objects: FxHashMap<u32, Option<u32>> =
        marks.iter().map(|mark| (mark.object, None)).collect();
    let mut doors = objects.clone();
    for node in 0..graph.node_count() as u32 {
        if graph.raw_name(node) != b"system / NativeContext" {
            continue;
        }
        let link = graph.edges(node).find(|edge| {
            edge.kind == EdgeType::Internal
                && objects.contains_key(&edge.to)
                && graph.raw_string(edge.name).starts_with(b"global_proxy")
        });
        if let Some(link) = link {
            doors.insert(node, Some(link.index));
        }
    }
    doors
}
