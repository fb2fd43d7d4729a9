//! What a pile is, in the words of the person who wrote the program.

use crate::snapshot::graph::Graph;
use crate::snapshot::heap::Heap;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::piles::Pile;
use crate::snapshot::trail::Step;

/// How a suspect is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Entries of a Map.
    Map,
    /// Members of a Set.
    Set,
    /// Values of a WeakMap whose keys live on.
    WeakMap,
    /// Elements of an array.
    Array,
    /// An object used as a dictionary.
    Dictionary,
    /// Listeners of an EventEmitter.
    Listeners,
    /// Listeners of an AbortSignal.
    AbortListeners,
    /// A variable that closures share.
    ClosureVariable,
    /// Closures that each keep the one before.
    ClosureChain,
    /// Promises that wait for one another.
    PromiseChain,
    /// Suspended async functions.
    AsyncFunction,
    /// Generators that were not finished.
    Generator,
    /// Async generators that were not finished.
    AsyncGenerator,
    /// Timers that were not cleared.
    Timer,
    /// Contexts of `vm` that outlive their use.
    VmContext,
    /// Modules in a cache.
    ModuleCache,
    /// Stores of AsyncLocalStorage kept by async resources.
    AsyncLocalStorage,
    /// Cells of a FinalizationRegistry.
    FinalizationRegistry,
    /// Memory outside the heap.
    Buffer,
    /// Long strings kept by short slices of them.
    SlicedString,
    /// Objects linked one to the next.
    LinkedList,
    /// A property or variable.
    Property,
    /// A list inside V8.
    V8Internal,
}

impl Kind {
    /// The name in reports and fingerprints.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Map => "map",
            Kind::Set => "set",
            Kind::WeakMap => "weak-map",
            Kind::Array => "array",
            Kind::Dictionary => "dictionary",
            Kind::Listeners => "listeners",
            Kind::AbortListeners => "abort-listeners",
            Kind::ClosureVariable => "closure-variable",
            Kind::ClosureChain => "closure-chain",
            Kind::PromiseChain => "promise-chain",
            Kind::AsyncFunction => "async-function",
            Kind::Generator => "generator",
            Kind::AsyncGenerator => "async-generator",
            Kind::Timer => "timer",
            Kind::VmContext => "vm-context",
            Kind::ModuleCache => "module-cache",
            Kind::AsyncLocalStorage => "async-local-storage",
            Kind::FinalizationRegistry => "finalization-registry",
            Kind::Buffer => "buffer",
            Kind::SlicedString => "sliced-string",
            Kind::LinkedList => "linked-list",
            Kind::Property => "property",
            Kind::V8Internal => "v8-internal",
        }
    }
}

/// A pile's kind, and its holder in words.
pub(crate) struct Description {
    pub(crate) kind: Kind,
    pub(crate) holder: String,
    /// Index of the holder in the pile's steps: the last object a developer can see before the pile.
    pub(crate) holder_at: usize,
}

/// Looks at the holder first, then at what piles up.
pub(crate) fn describe(heap: &Heap, pile: &Pile, has_contexts: bool) -> Description {
    let steps = &pile.steps;
    let holder_at = holder(steps, pile.shared, pile.growth.in_place);
    let kind = kind_of(heap, pile, holder_at, has_contexts);
    let holder = match kind {
        Kind::Listeners | Kind::AbortListeners => {
            listeners_holder(steps, pile.shared).unwrap_or_else(|| held(steps, holder_at))
        }
        _ => held(steps, holder_at),
    };
    Description {
        kind,
        holder,
        holder_at,
    }
}

/// Whether nothing but V8's roots and its own objects lead to the pile.
pub(crate) fn is_held_by_v8(pile: &Pile) -> bool {
    let holder = holder(&pile.steps, pile.shared, pile.growth.in_place);
    !pile.steps.get(holder).is_some_and(is_visible)
}

fn is_visible(step: &Step) -> bool {
    matches!(
        step.kind,
        NodeType::Object | NodeType::Closure | NodeType::Native
    )
}

/// The step of the last object, function or context at or before the accumulation point.
fn holder(steps: &[Step], shared: usize, in_place: bool) -> usize {
    let end = if in_place { steps.len() } else { shared };
    (0..end.min(steps.len()))
        .rev()
        .find(|&at| is_visible(&steps[at]))
        .unwrap_or(0)
}

fn kind_of(heap: &Heap, pile: &Pile, holder_at: usize, has_contexts: bool) -> Kind {
    let graph = &heap.graph;
    let steps = &pile.steps;
    let near = &steps[pile.shared.saturating_sub(6).min(steps.len())..];
    let after = &steps[(holder_at + 1).min(steps.len())..];
    let (specimen_kind, specimen_name) = (
        graph.kind(pile.specimen),
        graph.name(pile.specimen).into_owned(),
    );
    let holder_name = steps.get(holder_at).map_or("", |step| step.name.as_str());
    let names = |steps: &[Step], wanted: &[&str]| {
        steps
            .iter()
            .any(|step| wanted.contains(&step.name.as_str()))
    };
    let edges = |steps: &[Step], wanted: &str| steps.iter().any(|step| step.edge.contains(wanted));

    if has_contexts {
        return Kind::VmContext;
    }
    if edges(near, "kEvents") {
        let signal = names(near, &["AbortSignal", "AbortController"]);
        return if signal {
            Kind::AbortListeners
        } else {
            Kind::Listeners
        };
    }
    if edges(near, "_events") {
        return Kind::Listeners;
    }
    if names(
        near,
        &[
            "FinalizationRegistry",
            "JSFinalizationRegistry",
            "system / JSFinalizationRegistry",
        ],
    ) {
        return Kind::FinalizationRegistry;
    }
    if matches!(
        specimen_name.as_str(),
        "Timeout" | "Immediate" | "TimersList"
    ) || names(near, &["TimersList"])
    {
        return if has_store(graph, pile.specimen) {
            Kind::AsyncLocalStorage
        } else {
            Kind::Timer
        };
    }
    if matches!(
        specimen_name.as_str(),
        "Module" | "SourceTextModule" | "ModuleJob" | "ModuleWrap"
    ) {
        return Kind::ModuleCache;
    }
    if pile.growth.chained {
        let block: Vec<&Step> = after.iter().filter(|step| step.repeats > 1).collect();
        if block.iter().any(|step| step.name.contains("Promise"))
            || specimen_name.contains("Promise")
        {
            return Kind::PromiseChain;
        }
        if block.iter().any(|step| step.edge_kind == EdgeType::Context) {
            return Kind::ClosureChain;
        }
        return Kind::LinkedList;
    }
    if has_store(graph, pile.specimen) {
        return Kind::AsyncLocalStorage;
    }
    if pile.growth.in_place
        && matches!(
            specimen_kind,
            NodeType::Hidden | NodeType::ObjectShape | NodeType::Code
        )
    {
        return Kind::V8Internal;
    }
    if let Some(kind) = suspended(graph, pile.specimen) {
        return kind;
    }
    if matches!(
        specimen_name.as_str(),
        "Buffer" | "ArrayBuffer" | "SharedArrayBuffer" | "system / JSArrayBufferData"
    ) || specimen_name.ends_with("Array") && graph.follow(pile.specimen, "buffer").is_some()
    {
        return Kind::Buffer;
    }
    if specimen_kind == NodeType::SlicedString {
        return Kind::SlicedString;
    }
    if specimen_name.contains("Promise") && !matches!(holder_name, "Map" | "Set" | "Array") {
        return Kind::PromiseChain;
    }
    match holder_name {
        "Map" => Kind::Map,
        "Set" => Kind::Set,
        "WeakMap" => Kind::WeakMap,
        "Array" => Kind::Array,
        _ if after
            .first()
            .is_some_and(|step| step.edge_kind == EdgeType::Context) =>
        {
            Kind::ClosureVariable
        }
        _ if is_dictionary(graph, steps.get(holder_at)) => Kind::Dictionary,
        _ if after
            .iter()
            .any(|step| step.edge.contains("pair in WeakMap")) =>
        {
            Kind::WeakMap
        }
        _ if steps
            .get(holder_at)
            .is_some_and(|step| step.edge_kind == EdgeType::Context) =>
        {
            Kind::ClosureVariable
        }
        _ => Kind::Property,
    }
}

/// Whether the resource keeps an AsyncLocalStorage's store.
fn has_store(graph: &Graph, node: u32) -> bool {
    graph.edges(node).any(|edge| {
        let is_store = || {
            let name = graph.string(edge.name);
            matches!(
                name.as_ref(),
                "<symbol kResourceStore>"
                    | "<symbol async_context_frame>"
                    | "Symbol(kResourceStore)"
            )
        };
        edge.kind == EdgeType::Property
            && (is_store() || graph.raw_name(edge.to) == b"AsyncContextFrame")
    })
}

/// A suspended function keeps its registers.
fn suspended(graph: &Graph, node: u32) -> Option<Kind> {
    graph.follow(node, "parameters_and_registers")?;
    let prototype = graph
        .follow(node, "__proto__")
        .map(|prototype| graph.name(prototype).into_owned());
    Some(match prototype.as_deref() {
        Some("AsyncGenerator") => Kind::AsyncGenerator,
        Some("Generator") => Kind::Generator,
        _ if graph.name(node).contains("AsyncGenerator") => Kind::AsyncGenerator,
        _ if graph.name(node).contains("Async") => Kind::AsyncFunction,
        _ => Kind::Generator,
    })
}

fn is_dictionary(graph: &Graph, step: Option<&Step>) -> bool {
    const MANY: usize = 100;
    step.is_some_and(|step| {
        step.kind == NodeType::Object
            && !step.name.starts_with("system / ")
            && graph
                .edges(step.node)
                .filter(|edge| edge.kind == EdgeType::Property)
                .take(MANY)
                .count()
                == MANY
    })
}

/// `'config' on the EventEmitter in the variable bus`.
fn listeners_holder(steps: &[Step], shared: usize) -> Option<String> {
    let from = shared.saturating_sub(6);
    let at = (from..steps.len())
        .rev()
        .find(|&at| steps[at].edge == "_events" || steps[at].edge.contains("kEvents"))?;
    let owner = held(steps, at.checked_sub(1)?);
    match steps.get(at + 1) {
        Some(step) if step.edge_kind == EdgeType::Property => {
            Some(format!("'{}' on {owner}", step.edge))
        }
        _ => Some(owner),
    }
}

/// `the Map in the variable sessionCache`, `the Array in .children of Module`.
fn held(steps: &[Step], at: usize) -> String {
    if at == 0
        && steps
            .first()
            .is_some_and(|step| step.edge_kind == EdgeType::Weak)
    {
        return "weak references or handles outside the heap, and nothing else the snapshot shows"
            .into();
    }
    let Some(step) = steps.get(at) else {
        return "V8's roots".into();
    };
    let what = if step.name.starts_with("system / Context") {
        "context".to_owned()
    } else {
        step.name.clone()
    };
    match step.edge_kind {
        EdgeType::Context => format!("the {what} in the variable {}", step.edge),
        EdgeType::Property => match at.checked_sub(1).and_then(|before| steps.get(before)) {
            Some(owner) => format!("the {what} in .{} of {}", step.edge, owner.name),
            None => format!("the {what} in .{}", step.edge),
        },
        EdgeType::Internal if step.edge == "context" => {
            match at.checked_sub(1).and_then(|before| steps.get(before)) {
                Some(owner) => format!("the scope of {}", owner.name),
                None => "a function's scope".into(),
            }
        }
        _ => format!("the {what}"),
    }
}

/// `2,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1.2 MB`: powers of 1,000, as Node's own tools print them.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if value < 9.95 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

/// The sentence on which a person acts. `count`: how many more.
pub(crate) fn sentence(
    kind: Kind,
    name: &str,
    holder: &str,
    count: u64,
    growth: u64,
    share: f64,
    place: Option<&str>,
) -> String {
    let count_text = grouped(count);
    let more = match kind {
        _ if count == 0 && kind != Kind::V8Internal => format!("{holder} became bigger"),
        Kind::Listeners => {
            format!("{count_text} more listeners for {holder} were added and not removed")
        }
        Kind::AbortListeners => format!(
            "{count_text} more listeners were added to {holder} and not removed: the signal outlives the work"
        ),
        Kind::Timer => format!(
            "{count_text} more timers were set and neither fired for the last time nor were cleared"
        ),
        Kind::VmContext => format!(
            "{count_text} more vm contexts stay alive through {holder}, each with its globals and modules"
        ),
        Kind::ModuleCache => format!("{count_text} more modules were loaded and stay in {holder}"),
        Kind::PromiseChain => format!(
            "a chain of promises grew by {count_text} links from {holder}: each waits for the next"
        ),
        Kind::ClosureChain => format!(
            "a chain of closures grew by {count_text} links from {holder}: each keeps the one before through its scope"
        ),
        Kind::LinkedList => format!("a chain of {name} grew by {count_text} links from {holder}"),
        Kind::AsyncLocalStorage => format!(
            "{count_text} more async resources ({name}) each keep an AsyncLocalStorage store"
        ),
        Kind::FinalizationRegistry => {
            format!("{count_text} more registrations are kept by {holder}")
        }
        Kind::V8Internal => format!("a list inside V8 grew in place under {holder}"),
        Kind::Dictionary => {
            format!("{count_text} more {name} were added to {holder}, which serves as a dictionary")
        }
        Kind::SlicedString => {
            format!("{count_text} more slices in {holder} keep the long strings they were cut from")
        }
        Kind::Generator | Kind::AsyncGenerator | Kind::AsyncFunction => {
            format!("{count_text} more suspended {name} wait in {holder}")
        }
        _ => format!("{count_text} more {name} are kept by {holder}"),
    };
    let mut text = format!(
        "{more} (+{}, {:.0} % of the growth)",
        bytes(growth),
        share * 100.0
    );
    if let Some(place) = place {
        text += &format!("; see {place}");
    }
    text.push('.');
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(12), "12");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_000), "1.0 kB");
        assert_eq!(bytes(15_348_848), "15 MB");
    }
}
