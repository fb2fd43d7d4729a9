//! WeakMaps, which V8 describes in the names of edges.

use crate::snapshot::graph::Graph;
use crate::snapshot::kind::EdgeType;

/// A string that names a pair in a WeakMap.
pub(super) struct Pair {
    /// Its number.
    pub(super) name: u32,
    /// Id of the map's table.
    pub(super) table: u32,
}

/// The table's id, if `name` is that of an edge to a WeakMap's value:
/// `17 / part of key (Foo @5) -> value (Bar @7) pair in WeakMap (table @9)`.
pub(crate) fn table_of(name: &[u8]) -> Option<u32> {
    if !name.first()?.is_ascii_digit() || name.last() != Some(&b')') {
        return None;
    }
    let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !name[digits..].starts_with(b" / part of key (") {
        return None;
    }
    let marker = b" pair in WeakMap (table @";
    let at = memchr::memmem::rfind(name, marker)? + marker.len();
    std::str::from_utf8(&name[at..name.len() - 1])
        .ok()?
        .parse()
        .ok()
}

/// Gives the edges from a WeakMap's table to its values a type of their own; see [`EdgeType::is_essential`].
pub(super) fn mark_tables(graph: &mut Graph, pairs: &[Pair]) {
    if pairs.is_empty() {
        return;
    }
    let names: rustc_hash::FxHashMap<u32, u32> =
        pairs.iter().map(|pair| (pair.name, pair.table)).collect();
    let tables: rustc_hash::FxHashSet<u32> = pairs.iter().map(|pair| pair.table).collect();
    let last = tables.iter().copied().max().unwrap_or(0);
    for node in 0..graph.node_count() as u32 {
        let id = graph.node_ids[node as usize];
        // Most ids are newer than the oldest maps, and a comparison costs less than a hash.
        if id > last || !tables.contains(&id) {
            continue;
        }
        for index in graph.edge_range(node) {
            if graph.edge_types[index] == EdgeType::Internal as u8
                && names.get(&graph.edge_names[index]) == Some(&id)
            {
                graph.edge_types[index] = EdgeType::WeakMapTable as u8;
            }
        }
    }
}
