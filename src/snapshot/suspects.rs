//! Piles joined by their holder, ranked, and told: the suspects.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::snapshot::describe::{self, Description, Kind};
use crate::snapshot::fingerprint;
use crate::snapshot::graph::Location;
use crate::snapshot::heap::Heap;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::piles::Pile;
use crate::snapshot::scripts::Scripts;
use crate::snapshot::trail::{self, Step};

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
}

/// The ranked suspects, and the bytes of V8's own noise that was left out.
pub(crate) struct Findings {
    pub(crate) suspects: Vec<Suspect>,
    pub(crate) noise_bytes: u64,
}

/// Joins piles with the same holder and tells them. `growth`: bytes the heap grew by in all.
pub(crate) fn tell(
    heap: &Heap,
    scripts: &Scripts,
    piles: Vec<Pile>,
    growth: u64,
    newer_than: Option<u32>,
) -> Findings {
    let contexts = new_contexts(heap, newer_than);
    let mut noise_bytes: u64 = 0;
    let mut order: Vec<u32> = Vec::new();
    let mut by_holder: FxHashMap<u32, Vec<(Pile, Description)>> = FxHashMap::default();
    let growth = growth
        .max(
            piles
                .iter()
                .map(|pile| pile.growth.bytes)
                .max()
                .unwrap_or(0),
        )
        .max(1);
    for pile in piles {
        if is_noise(&pile, growth) {
            noise_bytes += pile.growth.bytes;
            continue;
        }
        let has_contexts = holds_contexts(heap, &pile, &contexts);
        let description = describe::describe(heap, &pile, has_contexts);
        let holder = pile
            .steps
            .get(description.holder_at)
            .map_or(0, |step| step.node);
        by_holder.entry(holder).or_insert_with(|| {
            order.push(holder);
            Vec::new()
        });
        if let Some(list) = by_holder.get_mut(&holder) {
            list.push((pile, description));
        }
    }
    let mut suspects: Vec<Suspect> = order
        .iter()
        .filter_map(|holder| by_holder.remove(holder))
        .filter_map(|piles| suspect(heap, scripts, piles, growth))
        .collect();
    suspects.sort_by(|a, b| {
        b.growth_bytes
            .cmp(&a.growth_bytes)
            .then_with(|| a.signature.cmp(&b.signature))
    });
    for (index, suspect) in suspects.iter_mut().enumerate() {
        suspect.rank = index + 1;
    }
    Findings {
        suspects,
        noise_bytes,
    }
}

/// V8's own: code, hidden classes, feedback, strings interned by the parser. A list inside V8 that makes up much of the
/// growth is a leak of V8, and stays.
fn is_noise(pile: &Pile, growth: u64) -> bool {
    let Some(last) = pile.steps.last() else {
        return true;
    };
    let is_machinery = |step: &Step| {
        matches!(
            step.kind,
            NodeType::Code | NodeType::ObjectShape | NodeType::Hidden
        )
    };
    if describe::is_held_by_v8(pile)
        && !matches!(
            last.kind,
            NodeType::Object | NodeType::Closure | NodeType::Native
        )
    {
        return true;
    }
    if pile.growth.in_place {
        return pile.growth.bytes * 4 < growth && is_machinery(last);
    }
    let through_machinery = pile.steps[..pile.shared.min(pile.steps.len())]
        .iter()
        .any(|step| step.kind == NodeType::Code || step.kind == NodeType::ObjectShape);
    match last.kind {
        NodeType::Code | NodeType::ObjectShape => true,
        // Node's own objects; before Node 18 they are synthetic.
        NodeType::Synthetic => !last.name.starts_with("Node / "),
        NodeType::Hidden => {
            !last.name.contains("WeakCell")
                && !last.name.contains("Promise")
                && !last.name.contains("Context")
        }
        NodeType::Array | NodeType::Number | NodeType::String => through_machinery,
        _ => false,
    }
}

/// Numbers of the vm contexts that came after the first snapshot.
fn new_contexts(heap: &Heap, newer_than: Option<u32>) -> Vec<u32> {
    let graph = &heap.graph;
    let mut native = Vec::new();
    let mut names: FxHashMap<u32, bool> = FxHashMap::default();
    for node in 0..graph.node_count() as u32 {
        if !matches!(
            graph.kind(node),
            NodeType::Hidden | NodeType::Object | NodeType::Native
        ) {
            continue;
        }
        let name = graph.node_names[node as usize];
        let is_context = *names.entry(name).or_insert_with(|| {
            graph
                .raw_string(name)
                .starts_with(b"system / NativeContext")
        });
        if is_context && newer_than.is_none_or(|id| graph.id(node) > id) {
            native.push(heap.dominators.number(node));
        }
    }
    native
}

/// Whether at least half of the new vm contexts, and more than one, would go with the pile.
fn holds_contexts(heap: &Heap, pile: &Pile, contexts: &[u32]) -> bool {
    if contexts.len() < 2 {
        return false;
    }
    let members: FxHashSet<u32> = pile
        .growth
        .members
        .iter()
        .map(|&node| heap.dominators.number(node))
        .collect();
    let held = contexts.iter().filter(|&&context| {
        let mut at = context;
        while at != 0 && !members.contains(&at) {
            at = heap.dominators.idom[at as usize];
        }
        at != 0
    });
    held.count() * 2 >= contexts.len()
}

fn suspect(
    heap: &Heap,
    scripts: &Scripts,
    mut piles: Vec<(Pile, Description)>,
    growth: u64,
) -> Option<Suspect> {
    // More objects tell more than a longer table.
    piles.sort_by_key(|(pile, _)| (pile.growth.in_place, std::cmp::Reverse(pile.growth.bytes)));
    let growth_bytes = piles.iter().map(|(pile, _)| pile.growth.bytes).sum::<u64>();
    let (pile, description) = piles.into_iter().next()?;
    let kind = description.kind;
    let name = subject(heap, &pile, kind);
    let location = place_to_look(heap, scripts, &pile);
    let path: Vec<PathStep> = pile
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| PathStep {
            edge: step.edge.clone(),
            edge_type: step.edge_kind,
            node: step.name.clone(),
            node_type: step.kind,
            location: step
                .location
                .and_then(|location| Place::of(location, scripts)),
            repeats: step.repeats,
            block: step.block,
            accumulates: index + 1 == pile.shared,
        })
        .collect();
    let count_before = pile.growth.counts.first().copied().unwrap_or(0);
    let count_after = pile.growth.counts.last().copied().unwrap_or(0);
    let share = (growth_bytes as f64 / growth as f64).min(1.0);
    let signature = fingerprint::signature(kind, &path, description.holder_at);
    let place = location.as_ref().map(Place::text);
    let more = count_after.saturating_sub(count_before);
    let sentence = describe::sentence(
        kind,
        &name,
        &description.holder,
        more,
        growth_bytes,
        share,
        place.as_deref(),
    );
    Some(Suspect {
        rank: 0,
        name,
        kind,
        holder: description.holder,
        count_before,
        count_after,
        growth_bytes,
        share,
        path,
        location,
        fingerprint: fingerprint::digest(&signature),
        signature,
        sentence,
    })
}

/// What to call it: the specimen's constructor or function; for V8's own lists the list.
fn subject(heap: &Heap, pile: &Pile, kind: Kind) -> String {
    let graph = &heap.graph;
    let name = graph.name(pile.specimen);
    match graph.kind(pile.specimen) {
        NodeType::Closure if name.is_empty() => "anonymous functions".into(),
        NodeType::Closure => name.into_owned(),
        NodeType::String | NodeType::ConsString => "strings".into(),
        NodeType::SlicedString => "sliced strings".into(),
        NodeType::Number => "numbers".into(),
        _ if kind == Kind::VmContext => "vm contexts".into(),
        _ if kind == Kind::V8Internal => pile
            .steps
            .iter()
            .rev()
            .find(|step| !matches!(step.name.as_str(), "system" | "(array)" | "(hidden)"))
            .map_or_else(
                || "V8 list".to_owned(),
                |step| format!("list in {}", step.name),
            ),
        _ if name.starts_with("system / Context") => {
            chain_subject(pile).unwrap_or_else(|| "scopes".into())
        }
        _ => trail::node_name(graph, pile.specimen),
    }
}

/// The function in the link of a chain of scopes.
fn chain_subject(pile: &Pile) -> Option<String> {
    let closure = pile
        .steps
        .iter()
        .rev()
        .find(|step| step.kind == NodeType::Closure)?;
    Some(closure.name.clone())
}

/// The first place in the program's own files: at the specimen, in the link of its chain, in what it keeps, or at the
/// function whose scope holds it.
fn place_to_look(heap: &Heap, scripts: &Scripts, pile: &Pile) -> Option<Place> {
    let own = |location: Option<Location>| {
        location
            .and_then(|location| Place::of(location, scripts))
            .filter(|place| !is_builtin(&place.url))
    };
    own(heap.graph.location(pile.specimen))
        .or_else(|| {
            pile.steps
                .iter()
                .filter(|step| step.repeats > 1)
                .find_map(|step| own(step.location))
        })
        .or_else(|| kept_place(heap, pile.specimen, &own))
        .or_else(|| pile.steps.iter().rev().find_map(|step| own(step.location)))
}

/// The nearest place among what the specimen keeps, within a few dozen objects.
fn kept_place(
    heap: &Heap,
    specimen: u32,
    own: &impl Fn(Option<Location>) -> Option<Place>,
) -> Option<Place> {
    const BUDGET: usize = 200;
    let number = heap.dominators.number(specimen);
    let mut pending = std::collections::VecDeque::from([number]);
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
pub(crate) fn is_builtin(url: &str) -> bool {
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
