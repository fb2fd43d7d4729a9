//! Piles joined by their holder, ranked, and told: the suspects.

use rustc_hash::FxHashMap;

use crate::snapshot::contents;
use crate::snapshot::contexts::Contexts;
use crate::snapshot::describe::{self, Description};
use crate::snapshot::fingerprint;
use crate::snapshot::graph::Graph;
use crate::snapshot::heap::Heap;
use crate::snapshot::kind::NodeType;
use crate::snapshot::leak_kind::Kind;
use crate::snapshot::names;
use crate::snapshot::noise::is_noise;
use crate::snapshot::piles::Pile;
use crate::snapshot::place::{Place, place_to_look};
use crate::snapshot::ranking::{largest_first, sorted};
use crate::snapshot::scripts::Scripts;
use crate::snapshot::sentence::{self, Things, Told};
use crate::snapshot::suspect::{PathStep, Suspect};
use crate::snapshot::trail::Step;

/// The ranked suspects, and the bytes of V8's own noise that was left out.
pub(crate) struct Findings {
    pub(crate) suspects: Vec<Suspect>,
    pub(crate) noise_bytes: u64,
}

/// The holder of what nothing inside the heap holds.
const OUTSIDE: u32 = u32::MAX;

/// Bytes below which a table that was doubled, or a few new objects, are no news beside what else grew.
const SLIGHT: u64 = 24 << 10;

/// Joins piles with the same holder and tells them. `growth`: bytes the heap grew by in all.
pub(crate) fn tell(
    heap: &Heap,
    scripts: &Scripts,
    piles: Vec<Pile>,
    growth: u64,
    contexts: &Contexts,
) -> Findings {
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
    for mut pile in piles {
        if is_noise(&pile, growth) {
            noise_bytes += pile.growth.bytes;
            continue;
        }
        let is_held = contexts.held_by(heap, &pile);
        let is_entered = !is_held && contexts.are_entered_by(&pile);
        if is_entered {
            // However many of this and that they hold, it is the contexts that pile up.
            pile.growth.counts = vec![contexts.before, contexts.after];
        }
        let mut description = describe::describe(heap, &pile, is_held || is_entered);
        // All listeners of an emitter are one suspect, whatever the event.
        let holder = pile
            .steps
            .get(description.emitter_at.unwrap_or(description.holder_at));
        let mut holder = holder.map_or(0, |step| step.node);
        if is_entered && pile.shared == 0 {
            holder = OUTSIDE;
            description.holder =
                "handles outside the heap (native code, or scripts and modules that can import)"
                    .into();
        }
        by_holder.entry(holder).or_insert_with(|| {
            order.push(holder);
            Vec::new()
        });
        if let Some(list) = by_holder.get_mut(&holder) {
            list.push((pile, description));
        }
    }
    let suspects: Vec<Suspect> = order
        .iter()
        .filter_map(|holder| by_holder.remove(holder))
        .filter(|piles| {
            let bytes: u64 = piles.iter().map(|(pile, _)| pile.growth.bytes).sum();
            let is_slight = piles.iter().all(|(pile, _)| pile.growth.is_single())
                && bytes < SLIGHT
                && bytes * 2 < growth;
            if is_slight {
                noise_bytes += bytes;
            }
            !is_slight
        })
        .filter_map(|piles| suspect(heap, scripts, piles, growth))
        .collect();
    let mut suspects = sorted(suspects, |suspect| {
        largest_first(suspect.growth_bytes, &suspect.signature)
    });
    for (index, suspect) in suspects.iter_mut().enumerate() {
        suspect.rank = index + 1;
    }
    Findings {
        suspects,
        noise_bytes,
    }
}

fn suspect(
    heap: &Heap,
    scripts: &Scripts,
    piles: Vec<(Pile, Description)>,
    growth: u64,
) -> Option<Suspect> {
    let growth_bytes = piles.iter().map(|(pile, _)| pile.growth.bytes).sum::<u64>();
    // More objects tell more than a longer table.
    let mut piles = sorted(piles, |(pile, _)| {
        u128::from(pile.growth.in_place) << 127 | largest_first(pile.growth.bytes, "") >> 1
    })
    .into_iter();
    let (pile, description) = piles.next()?;
    let others = other_events(&description, piles);
    let kind = description.kind;
    let name = subject(heap, &pile, kind);
    let location = place_to_look(heap, scripts, &pile, kind);
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
    let each_has = if pile.growth.in_place {
        None
    } else {
        contents::class_in_each(heap, &pile.growth.members)
    };
    let sentence = sentence::sentence(&Told {
        description: &description,
        others: &others,
        each_has: each_has.as_deref(),
        name: &name,
        things: &Things::of(&heap.graph, pile.specimen, &name),
        count: count_after.saturating_sub(count_before),
        growth: growth_bytes,
        share,
        place: place.as_deref(),
    });
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
        node_version: None,
    })
}

/// The events that the other listeners of an emitter are for.
fn other_events(
    first: &Description,
    piles: impl Iterator<Item = (Pile, Description)>,
) -> Vec<String> {
    let others: Vec<String> = piles
        .filter_map(|(_, description)| description.event)
        .filter(|event| Some(event) != first.event.as_ref())
        .collect();
    let mut others = sorted(others, |event| largest_first(0, event));
    others.dedup();
    others
}

/// What to call it: the specimen's constructor or function; for V8's own lists the list.
fn subject(heap: &Heap, pile: &Pile, kind: Kind) -> String {
    let graph = &heap.graph;
    if matches!(kind, Kind::Listeners | Kind::AbortListeners)
        && let Some(function) = listener(graph, pile.specimen)
    {
        return function;
    }
    let name = graph.name(pile.specimen);
    match graph.kind(pile.specimen) {
        NodeType::Closure if name.is_empty() => "anonymous functions".into(),
        NodeType::Closure if name == "native_bind" => names::node_name(graph, pile.specimen),
        NodeType::Closure => name.into_owned(),
        NodeType::RegExp => "RegExp".into(),
        NodeType::Symbol => "symbols".into(),
        NodeType::String | NodeType::ConsString => "strings".into(),
        NodeType::SlicedString => "sliced strings".into(),
        NodeType::Number => "numbers".into(),
        NodeType::BigInt => "bigints".into(),
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
        _ if name == "system / PromiseReaction" => "Promise".into(),
        _ if name == "system / JSProxy" => "Proxy".into(),
        _ if name.starts_with("system / Context") => {
            let chained = pile.growth.chained.then(|| chain_subject(pile)).flatten();
            chained.unwrap_or_else(|| "scopes".into())
        }
        _ if name == "Array" && pile.growth.chained => {
            class_of_link(graph, pile).unwrap_or_else(|| name.into_owned())
        }
        _ => names::node_name(graph, pile.specimen),
    }
}

/// The class in the link of a chain that leads through arrays: what a skip list is made of.
fn class_of_link(graph: &Graph, pile: &Pile) -> Option<String> {
    let is_class =
        |step: &&Step| step.repeats > 1 && step.kind == NodeType::Object && step.location.is_some();
    let link = pile.steps.iter().find(is_class)?;
    Some(names::node_name(graph, link.node))
}

/// The function of a listener that is kept in an object of its own, by the names that libraries have for it.
fn listener(graph: &Graph, specimen: u32) -> Option<String> {
    if graph.kind(specimen) != NodeType::Object {
        return None;
    }
    let function = ["callback", "listener", "fn"]
        .iter()
        .find_map(|name| graph.follow(specimen, name))
        .filter(|&node| graph.kind(node) == NodeType::Closure)?;
    Some(graph.name(function).into_owned()).filter(|name| !name.is_empty())
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
