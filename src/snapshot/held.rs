//! The holder of a pile in words: `the Map in the variable sessions`.

use crate::snapshot::graph::Graph;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::trail::Step;

/// So many owners are named at the most, until one of them has a name of its own.
const OWNERS: usize = 3;

/// Where Node has all that it must clean up at its end, in C++; the second and third since Node 22 and 24.
const LISTS: [&str; 3] = ["CleanupQueue", "BaseObjectList", "CppgcWrapperList"];

/// The step of the last object, function or context at or before the accumulation point.
pub(crate) fn holder(steps: &[Step], shared: usize, in_place: bool) -> usize {
    let end = if in_place { steps.len() } else { shared };
    (0..end.min(steps.len()))
        .rev()
        .find(|&at| is_visible(&steps[at]))
        .unwrap_or(0)
}

/// Whether a developer can see the object; backing stores are V8's.
pub(crate) fn is_visible(step: &Step) -> bool {
    match step.kind {
        NodeType::Object | NodeType::Closure => true,
        NodeType::Native => !step.name.starts_with("system / "),
        _ => false,
    }
}

/// Whether it is one of Node's own objects in C++.
pub(crate) fn is_of_node(step: &Step) -> bool {
    step.name.starts_with("Node / ")
}

/// Whether a pile has nothing in common but the global object, and does not hang at its properties either.
pub(crate) fn is_scattered(steps: &[Step], shared: usize) -> bool {
    shared <= 1
        && steps.len() > shared + 1
        && steps
            .first()
            .is_some_and(|step| step.name.starts_with("global"))
}

/// Lists of V8 that programs fill on purpose, by the name of the root, in words.
const ROOTS: [(&str, &str); 2] = [
    ("public_symbol_table", "the global registry of Symbol.for()"),
    (
        "weak_refs_keep_during_job",
        "WeakRefs that were made or read in this turn of the event loop, until it ends",
    ),
];

/// The step of such a list and what it is called, if nothing else holds the pile.
pub(crate) fn root(steps: &[Step], shared: usize) -> Option<(usize, &'static str)> {
    steps
        .iter()
        .take(shared)
        .enumerate()
        .find_map(|(at, step)| {
            let named = ROOTS.iter().find(|(name, _)| *name == step.edge)?;
            Some((at, named.1))
        })
}

/// What emitters keep their listeners in: Node's own, Node's EventTarget, and jsdom's.
pub(crate) fn is_events(edge: &str) -> bool {
    matches!(edge, "_events" | "_eventListeners") || edge.contains("kEvents")
}

/// Where an emitter's listeners begin: the step of `_events`, or of an EventTarget's Map of events. Nothing but containers
/// may lie between it and the accumulation point: what a listener holds is no listener.
pub(crate) fn listeners_at(steps: &[Step], shared: usize) -> Option<usize> {
    let shared = shared.min(steps.len());
    // In a browser; what comes below it are lists of the embedder.
    let in_page = (0..shared)
        .rev()
        .find(|&at| steps[at].name.ends_with("EventTargetData"));
    if let Some(at) = in_page {
        let is_list = |step: &Step| step.kind == NodeType::Native;
        return steps[at + 1..shared].iter().all(is_list).then_some(at);
    }
    let at = (0..shared).rev().find(|&at| is_events(&steps[at].edge))?;
    let is_container = |step: &Step| {
        step.kind == NodeType::Array
            || step.kind == NodeType::Object
                && (step.name == "Array"
                    || step.name == "Listener"
                    || step.name == "SafeMap"
                    || step.name == "Map"
                    || step.name.starts_with("Object"))
    };
    steps[at + 1..shared].iter().all(is_container).then_some(at)
}

/// `'config' on the EventEmitter in the variable bus`; `at` is from [`listeners_at`].
pub(crate) fn listeners_holder(graph: &Graph, steps: &[Step], at: usize) -> String {
    let owner = match at.checked_sub(1) {
        Some(owner) => held(steps, owner),
        None => "an emitter".into(),
    };
    match event_name(graph, steps, at) {
        Some(name) => format!("'{name}' on {owner}"),
        None => owner,
    }
}

pub(crate) fn event_name(graph: &Graph, steps: &[Step], at: usize) -> Option<String> {
    let next = steps.get(at + 1)?;
    if next.edge_kind == EdgeType::Property {
        return Some(next.edge.clone());
    }
    // An EventTarget keeps a Map: each entry of its table is the key, the value, and the next of the same hash.
    let entry: u32 = steps.get(at + 2)?.edge.parse().ok()?;
    let before = entry.checked_sub(1)?.to_string();
    graph
        .edges(next.node)
        .find(|edge| {
            edge.kind == EdgeType::Internal && graph.raw_string(edge.name) == before.as_bytes()
        })
        .filter(|edge| graph.kind(edge.to).is_string())
        .map(|edge| graph.name(edge.to).into_owned())
}

/// `the Map in the variable sessionCache`, `the Array in .children of Module`.
pub(crate) fn held(steps: &[Step], at: usize) -> String {
    phrase(steps, at, OWNERS)
}

fn phrase(steps: &[Step], at: usize, owners: usize) -> String {
    let Some(step) = steps.get(at) else {
        return "V8's roots".into();
    };
    if at == 0 && step.edge_kind == EdgeType::Weak {
        return "weak references or handles outside the heap, and nothing else the snapshot shows"
            .into();
    }
    if step.name == "(GC roots)" && at == 0 {
        return match steps.get(1) {
            Some(next) if next.name == "(Global handles)" => {
                "handles outside the heap (native code)".into()
            }
            _ => "V8's roots".into(),
        };
    }
    let what = if step.name.starts_with("system / Context") {
        "scope"
    } else {
        step.name.as_str()
    };
    let before = at.checked_sub(1);
    if let Some(handle) = step.name.strip_prefix("Node / ") {
        let owner = (0..at)
            .rev()
            .find(|&at| is_visible(&steps[at]) && !is_of_node(&steps[at]));
        return match owner {
            None if LISTS.contains(&handle) => {
                "Node itself, as handles that were not closed".into()
            }
            Some(owner) if owners > 0 && !handle.ends_with("Wrap") => {
                let owner = phrase(steps, owner, owners - 1);
                format!("Node's {handle} of {owner}")
            }
            _ => format!("Node itself, as handles that were not closed ({handle})"),
        };
    }
    match (step.edge_kind, before) {
        (EdgeType::Context, _) => format!("the {what} in the variable {}", step.edge),
        (EdgeType::Property, None) => format!("the {what} in {}", property(&step.edge)),
        (EdgeType::Property, Some(owner)) => {
            format!(
                "the {what} in {} of {}",
                property(&step.edge),
                owner_name(steps, owner, owners)
            )
        }
        (EdgeType::Internal, Some(owner)) if step.edge == "context" => {
            format!("the scope of {}", steps[owner].name)
        }
        (EdgeType::Element, Some(owner)) => within(steps, what, owner, owners),
        (EdgeType::Internal, Some(owner)) if step.edge.parse::<u32>().is_ok() => {
            within(steps, what, owner, owners)
        }
        // A resolve function keeps its promise in its scope.
        (EdgeType::Internal | EdgeType::Hidden, Some(owner))
            if step.name == "Promise"
                && owner > 0
                && steps[owner].name.starts_with("system / Context") =>
        {
            format!(
                "the Promise that {} settles",
                phrase(steps, owner - 1, owners.saturating_sub(1))
            )
        }
        // The memory behind an object is told by the object.
        (EdgeType::Internal, Some(owner)) if owners > 0 && is_visible(&steps[owner]) => {
            format!("the {what} of {}", phrase(steps, owner, owners - 1))
        }
        _ => format!("the {what}"),
    }
}

/// One of many: `a Map of the Map in the variable tenants`.
fn within(steps: &[Step], what: &str, owner: usize, owners: usize) -> String {
    let container = (0..=owner)
        .rev()
        .take_while(|&at| steps[at].name != "system / NativeContext")
        .find(|&at| is_visible(&steps[at]));
    match container {
        Some(container) if owners > 0 => {
            let article = if what.starts_with(['A', 'E', 'I', 'O', 'U']) {
                "an"
            } else {
                "a"
            };
            format!(
                "{article} {what} of {}",
                phrase(steps, container, owners - 1)
            )
        }
        _ => format!("the {what}"),
    }
}

/// A class names itself; a plain object or container is told by who owns it.
fn owner_name(steps: &[Step], at: usize, owners: usize) -> String {
    let step = &steps[at];
    let is_plain = step.name.starts_with("Object")
        || matches!(step.name.as_str(), "Array" | "Map" | "Set")
        || step.name.starts_with("system / Context");
    if is_plain && owners > 0 && at > 0 && step.edge_kind != EdgeType::Weak {
        phrase(steps, at, owners - 1)
    } else {
        step.name.clone()
    }
}

/// `.cache`, `.#entries`, `[kEvents]`.
fn property(edge: &str) -> String {
    match edge.strip_prefix("<symbol ") {
        Some(symbol) => format!("[{}]", symbol.trim_end_matches('>')),
        None => format!(".{edge}"),
    }
}
