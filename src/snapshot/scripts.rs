//! Script numbers to URLs, from the snapshot alone.
//!
//! `locations` name a script by number; nothing in the format maps the number to a file. But a closure has a location,
//! and leads to its script: –`shared`→ code –`script_or_debug_info` (Node 12–20) or `script` (22 on)→ code –`name`→ string.
//! With debug information attached (a debugger was on) the script is one `script` further.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::snapshot::graph::{Graph, Location};
use crate::snapshot::kind::NodeType;

/// The scripts that locations refer to.
#[derive(Debug, Default)]
pub struct Scripts {
    known: FxHashMap<u32, Script>,
}

#[derive(Debug)]
struct Script {
    url: String,
    /// The string that is its source.
    source: Option<u32>,
}

impl Scripts {
    /// Looks at closures until every script of `graph` has its URL.
    pub fn new(graph: &Graph) -> Scripts {
        let mut missing: FxHashSet<u32> = graph
            .locations
            .iter()
            .map(|location| location.script)
            .collect();
        let mut known = FxHashMap::default();
        for node in 0..graph.node_count() as u32 {
            if missing.is_empty() {
                break;
            }
            if graph.kind(node) != NodeType::Closure {
                continue;
            }
            let Some(location) = graph.location(node) else {
                continue;
            };
            if missing.contains(&location.script)
                && let Some(script) = script_of(graph, node)
                && let Some(url) = script_url(graph, script)
            {
                missing.remove(&location.script);
                let source = graph.follow(script, "source");
                known.insert(location.script, Script { url, source });
            }
        }
        Scripts { known }
    }

    /// The URL of the location's script.
    pub fn url(&self, location: Location) -> Option<&str> {
        let script = self.known.get(&location.script)?;
        Some(&script.url)
    }

    /// Scripts by number, each with its URL.
    pub(crate) fn urls(&self) -> impl Iterator<Item = (u32, &str)> {
        self.known
            .iter()
            .map(|(number, script)| (*number, script.url.as_str()))
    }

    /// The node of the source that was compiled under this URL. Where it was compiled more than once, the last one's.
    pub(crate) fn source(&self, url: &str) -> Option<u32> {
        let of_url = self.known.iter().filter(|(_, script)| script.url == url);
        of_url.max_by_key(|(number, _)| **number)?.1.source
    }
}

/// The script node of a closure.
pub(crate) fn script_of(graph: &Graph, closure: u32) -> Option<u32> {
    let shared = graph.follow(closure, "shared")?;
    let script = graph
        .follow(shared, "script_or_debug_info")
        .or_else(|| graph.follow(shared, "script"))?;
    // A DebugInfo stands before the script.
    Some(graph.follow(script, "script").unwrap_or(script))
}

/// The script's name, as `require`, `import` or `vm` gave it.
fn script_url(graph: &Graph, script: u32) -> Option<String> {
    text_of(graph, graph.follow(script, "name")?).filter(|url| !url.is_empty())
}

/// Pieces of a string that is put together, at most.
const PIECES: usize = 256;

/// A string's text. One that was joined (`path.join`, a template) lies in two halves until somebody reads it.
pub(crate) fn text_of(graph: &Graph, string: u32) -> Option<String> {
    let mut text = String::new();
    let mut left = vec![string];
    for _ in 0..PIECES {
        let Some(node) = left.pop() else {
            return Some(text);
        };
        match graph.kind(node) {
            NodeType::ConsString => {
                left.push(graph.follow(node, "second")?);
                left.push(graph.follow(node, "first")?);
            }
            kind if kind.is_string() => text.push_str(&graph.name(node)),
            _ => return None,
        }
    }
    None
}
