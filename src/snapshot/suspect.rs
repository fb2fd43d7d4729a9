//! A suspect: something that grows, and what holds it.

use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::leak_kind::Kind;
use crate::snapshot::place::Place;

/// One step of a suspect's path.
#[derive(Clone, Debug)]
pub struct PathStep {
    /// How it is held: a property, a variable, `[]` for an element, V8's name for a link.
    pub edge: String,
    /// What kind of edge that is.
    pub edge_type: EdgeType,
    /// The object.
    pub node: String,
    /// What kind of node that is.
    pub node_type: NodeType,
    /// Where its function or constructor stands.
    pub location: Option<Place>,
    /// How often this step and the rest of its block follow each other.
    pub repeats: u64,
    /// Steps in the block, on its first; else 0.
    pub block: usize,
    /// This is where things pile up.
    pub accumulates: bool,
}

/// Something that grows, and what holds it.
#[derive(Clone, Debug)]
pub struct Suspect {
    /// 1 for the one that explains most.
    pub rank: usize,
    /// Constructor, function or variable.
    pub name: String,
    /// How it is held.
    pub kind: Kind,
    /// Its holder in words.
    pub holder: String,
    /// Objects in the first snapshot.
    pub count_before: u64,
    /// Objects in the last.
    pub count_after: u64,
    /// Bytes from the first to the last.
    pub growth_bytes: u64,
    /// Share of all growth, 0 to 1.
    pub share: f64,
    /// From the root to one of the new objects.
    pub path: Vec<PathStep>,
    /// Where to look.
    pub location: Option<Place>,
    /// Stable across runs and processes.
    pub fingerprint: String,
    /// The path in the form patterns of known leaks are matched against.
    pub signature: String,
    /// All of it in one sentence.
    pub sentence: String,
    /// The version of Node that wrote the snapshot, where it is known: leaks that are known affect some.
    pub node_version: Option<String>,
}
