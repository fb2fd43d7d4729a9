//! Where in the program's files to look.

use std::collections::VecDeque;

use crate::snapshot::graph::{Graph, Location};
use crate::snapshot::heap::Heap;
use crate::snapshot::kind::EdgeType;
use crate::snapshot::leak_kind::Kind;
use crate::snapshot::piles::Pile;
use crate::snapshot::scripts::Scripts;
use crate::snapshot::trail::Step;

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
    let own = |location: Option<Location>| own_place(scripts, location?);
    let (_, after) = pile
        .steps
        .split_at(pile.shared.saturating_sub(1).min(pile.steps.len()));
    let kept = || kept_place(heap, pile.specimen, kind, &own);
    let on_the_way = || {
        let steps = &pile.steps[..pile.shared.min(pile.steps.len())];
        (0..steps.len()).rev().find_map(|at| {
            let own_place = own(steps[at].location);
            own_place.or_else(|| own(declaration(heap, scripts, &steps[..=at])))
        })
    };
    let nearest = if kind == Kind::VmContext {
        after.iter().find_map(|step| own(step.location))
    } else {
        let mut links = pile.steps.iter().filter(|step| step.repeats > 1);
        own(heap.graph.location(pile.specimen))
            .or_else(|| links.find_map(|step| own(step.location)))
            .or_else(kept)
            .or_else(|| after.iter().rev().find_map(|step| own(step.location)))
    };
    nearest.or_else(on_the_way).or_else(kept)
}

/// The place, if it is in the program's own files.
#[inline(never)]
fn own_place(scripts: &Scripts, location: Location) -> Option<Place> {
    Place::of(location, scripts).filter(|place| !is_builtin(&place.url))
}

/// Where the variable of a module is declared that the last of these steps is in.
#[inline(never)]
fn declaration(heap: &Heap, scripts: &Scripts, steps: &[Step]) -> Option<Location> {
    let (variable, before) = steps.split_last()?;
    let scope = before.last()?.node;
    if variable.edge_kind != EdgeType::Context || !is_of_module(&heap.graph, scope) {
        return None;
    }
    let is_scope = |step: &&Step| matches!(step.edge.as_str(), "previous" | "context");
    let closure = before.iter().rev().find(|step| !is_scope(step))?;
    scripts.declaration(&heap.graph, closure.location?, &variable.edge)
}

/// Whether a scope is a module's: the outermost, and of the function that Node or Jest makes of the file.
fn is_of_module(graph: &Graph, scope: u32) -> bool {
    let follow = |name| graph.follow(scope, name);
    let is_outermost = |around| graph.raw_name(around) == b"system / NativeContext";
    let is_named = |info| {
        graph.edges(info).any(|edge| {
            graph.kind(edge.to).is_string()
                && matches!(graph.raw_name(edge.to), b"" | b"Object.<anonymous>")
        })
    };
    follow("previous").is_some_and(is_outermost) && follow("scope_info").is_some_and(is_named)
}

/// The nearest place among what the specimen keeps, within a few dozen objects.
fn kept_place(
    heap: &Heap,
    specimen: u32,
    kind: Kind,
    own: &impl Fn(Option<Location>) -> Option<Place>,
) -> Option<Place> {
    const BUDGET: usize = 200;
    let number = heap.dominators.number(specimen);
    let mut pending = VecDeque::from([number]);
    let mut seen = 0;
    while let Some(at) = pending.pop_front() {
        for child in heap.tree.children(at) {
            let node = heap.dominators.order.node_of[child as usize];
            // A module's own function says nothing of what is in it; it is there because of a stack, say.
            let is_told = |at: &Location| at.line + at.column > 0 || kind == Kind::ModuleCache;
            let location = heap.graph.location(node).filter(is_told);
            if let Some(place) = own(location) {
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
