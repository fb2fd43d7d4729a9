//! Where in the program's files to look.

use std::collections::VecDeque;

use crate::snapshot::graph::Location;
use crate::snapshot::heap::Heap;
use crate::snapshot::leak_kind::Kind;
use crate::snapshot::piles::Pile;
use crate::snapshot::scripts::Scripts;

/// A place in a source file; line and column from 1, as editors count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Path or URL of the script.
    pub url: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Place {
    /// `url:line:column`.
    pub fn text(&self) -> String {
        format!("{}:{}:{}", self.url, self.line, self.column)
    }

    pub(crate) fn of(location: Location, scripts: &Scripts) -> Option<Place> {
        let url = scripts.url(location)?.to_owned();
        Some(Place {
            url,
            line: location.line + 1,
            column: location.column + 1,
        })
    }
}

/// The first place in the program's own files: at the specimen, in the link of its chain, in what it keeps, or at the
/// function whose scope holds it. What a vm context keeps is a whole program: there the way to it tells more.
pub(crate) fn place_to_look(
    heap: &Heap,
    scripts: &Scripts,
    pile: &Pile,
    kind: Kind,
) -> Option<Place> {
    let own = |location: Option<Location>| {
        location
            .and_then(|location| Place::of(location, scripts))
            .filter(|place| !is_builtin(&place.url))
    };
    let (before, after) = pile
        .steps
        .split_at(pile.shared.saturating_sub(1).min(pile.steps.len()));
    let kept = || kept_place(heap, pile.specimen, &own);
    let on_the_way = || before.iter().rev().find_map(|step| own(step.location));
    if kind == Kind::VmContext {
        let entrance = after.iter().find_map(|step| own(step.location));
        return entrance.or_else(on_the_way).or_else(kept);
    }
    let mut links = pile.steps.iter().filter(|step| step.repeats > 1);
    own(heap.graph.location(pile.specimen))
        .or_else(|| links.find_map(|step| own(step.location)))
        .or_else(kept)
        .or_else(|| after.iter().rev().find_map(|step| own(step.location)))
        .or_else(on_the_way)
}

/// The nearest place among what the specimen keeps, within a few dozen objects.
fn kept_place(
    heap: &Heap,
    specimen: u32,
    own: &impl Fn(Option<Location>) -> Option<Place>,
) -> Option<Place> {
    const BUDGET: usize = 200;
    let number = heap.dominators.number(specimen);
    let mut pending = VecDeque::from([number]);
    let mut seen = 0;
    while let Some(at) = pending.pop_front() {
        for child in heap.tree.children(at) {
            let node = heap.dominators.order.node_of[child as usize];
            if let Some(place) = own(heap.graph.location(node)) {
                return Some(place);
            }
            seen += 1;
            if seen > BUDGET {
                return None;
            }
            pending.push_back(child);
        }
    }
    None
}

/// Node's own scripts: `node:events`, `internal/timers.js`, and up to Node 14 `events.js`.
fn is_builtin(url: &str) -> bool {
    const OLD: [&str; 17] = [
        "events.js",
        "timers.js",
        "vm.js",
        "net.js",
        "fs.js",
        "http.js",
        "stream.js",
        "util.js",
        "assert.js",
        "buffer.js",
        "async_hooks.js",
        "domain.js",
        "module.js",
        "zlib.js",
        "path.js",
        "url.js",
        "_http_server.js",
    ];
    url.starts_with("node:")
        || url.starts_with("internal/")
        || OLD.contains(&url)
        || url.starts_with('_') && url.ends_with(".js") && !url.contains('/')
}
