//! What a pile is: its kind, and its holder in words.

use crate::snapshot::graph::Graph;
use crate::snapshot::heap::Heap;
use crate::snapshot::held;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::leak_kind::Kind;
use crate::snapshot::names::is_instance;
use crate::snapshot::piles::Pile;
use crate::snapshot::trail::Step;

/// A pile's kind, and its holder in words.
pub(crate) struct Description {
    pub(crate) kind: Kind,
    pub(crate) holder: String,
    /// Index of the holder in the pile's steps: the last object a developer can see before the pile.
    pub(crate) holder_at: usize,
    /// Index of the emitter whose listeners pile up.
    pub(crate) emitter_at: Option<usize>,
    /// The event they listen to.
    pub(crate) event: Option<String>,
    /// The variable through which each link of a chain keeps the next.
    pub(crate) link: Option<String>,
}

/// From this many properties on, added one by one, an object serves as a dictionary.
const DICTIONARY: usize = 16;

/// Looks at the holder first, then at what piles up.
pub(crate) fn describe(heap: &Heap, pile: &Pile, has_contexts: bool) -> Description {
    let steps = &pile.steps;
    let root = held::root(steps, pile.shared);
    let holder_at = root.map_or_else(
        || held::holder(steps, pile.shared, pile.growth.in_place),
        |(at, _)| at,
    );
    let scene = Scene {
        heap,
        graph: &heap.graph,
        pile,
        holder_at,
        listeners: held::listeners_at(steps, pile.shared),
    };
    let kind = scene.kind(has_contexts);
    let is_rope = kind == Kind::LinkedList && heap.graph.kind(pile.specimen).is_string();
    let holder = match (kind, scene.listeners, steps.get(holder_at + 1)) {
        _ if let Some((_, name)) = root => name.to_owned(),
        (Kind::Property, ..) if held::is_scattered(steps, pile.shared) => {
            "different objects, none of which holds most of them".into()
        }
        (Kind::Listeners | Kind::AbortListeners, Some(at), _) => {
            held::listeners_holder(&heap.graph, steps, at)
        }
        // A text hangs at a property or variable, and that is what people know.
        (_, _, Some(text)) if is_rope && text.edge_kind == EdgeType::Property => {
            format!(".{} of {}", text.edge, held::held(steps, holder_at))
        }
        (_, _, Some(text)) if is_rope && text.edge_kind == EdgeType::Context => {
            format!("the variable {}", text.edge)
        }
        _ => held::held(steps, holder_at),
    };
    let link = steps
        .iter()
        .find(|step| step.repeats > 1 && step.edge_kind == EdgeType::Context)
        .map(|step| step.edge.clone());
    Description {
        kind,
        holder,
        holder_at,
        event: scene
            .listeners
            .and_then(|at| held::event_name(&heap.graph, steps, at)),
        emitter_at: match kind {
            Kind::Listeners | Kind::AbortListeners => {
                scene.listeners.and_then(|at| at.checked_sub(1))
            }
            _ => None,
        },
        link,
    }
}

/// Whether nothing but V8's roots and its own objects lead to the pile.
pub(crate) fn is_held_by_v8(pile: &Pile) -> bool {
    if held::root(&pile.steps, pile.shared).is_some() {
        return false;
    }
    let holder = held::holder(&pile.steps, pile.shared, pile.growth.in_place);
    !pile.steps.get(holder).is_some_and(held::is_visible)
}

struct Scene<'a> {
    heap: &'a Heap,
    graph: &'a Graph,
    pile: &'a Pile,
    holder_at: usize,
    /// Where an emitter's listeners begin, if they are what piles up.
    listeners: Option<usize>,
}

impl Scene<'_> {
    fn kind(&self, has_contexts: bool) -> Kind {
        if has_contexts {
            return Kind::VmContext;
        }
        if let Some(at) = self.listeners {
            return self.listeners_kind(at);
        }
        let specimen = self.graph.name(self.pile.specimen);
        let specimen = specimen.as_ref();
        if self.since_holder().any(|step| {
            step.name == "FinalizationRegistry" || step.name.ends_with("JSFinalizationRegistry")
        }) {
            return Kind::FinalizationRegistry;
        }
        let is_timer = |name: &str| matches!(name, "Timeout" | "Immediate" | "TimersList");
        // What one timer holds more of is no timer.
        if is_timer(specimen) || self.since_holder().skip(1).any(|step| is_timer(&step.name)) {
            return if self.is_mostly_store() {
                Kind::AsyncLocalStorage
            } else {
                Kind::Timer
            };
        }
        if matches!(
            specimen,
            "Module" | "SourceTextModule" | "ModuleJob" | "ModuleWrap"
        ) || matches!(
            self.holder_name(),
            "LoadCache" | "ModuleLoadMap" | "ModuleMap"
        ) || self
            .holder()
            .is_some_and(|step| matches!(step.edge.as_str(), "loadCache" | "moduleMap"))
        {
            return Kind::ModuleCache;
        }
        if self.pile.growth.chained {
            return self.chain_kind();
        }
        if self.is_mostly_store() {
            return Kind::AsyncLocalStorage;
        }
        if self.pile.growth.in_place && self.is_machinery() {
            return Kind::V8Internal;
        }
        if let Some(kind) = suspended(self.graph, self.pile.specimen) {
            return kind;
        }
        if self.is_buffer(specimen) {
            return Kind::Buffer;
        }
        if self.graph.kind(self.pile.specimen) == NodeType::SlicedString {
            return Kind::SlicedString;
        }
        if self
            .since_holder()
            .any(|step| step.edge == "reactions_or_result")
        {
            return Kind::PendingPromise;
        }
        self.container()
    }

    fn holder(&self) -> Option<&Step> {
        self.pile.steps.get(self.holder_at)
    }

    fn holder_name(&self) -> &str {
        self.holder().map_or("", |step| step.name.as_str())
    }

    /// The holder and what comes after it.
    fn since_holder(&self) -> impl Iterator<Item = &Step> {
        self.pile.steps.iter().skip(self.holder_at)
    }

    fn listeners_kind(&self, at: usize) -> Kind {
        let steps = &self.pile.steps;
        let is_signal = |at: Option<usize>, name: &str| {
            at.and_then(|at| steps.get(at))
                .is_some_and(|step| step.name == name)
        };
        if is_signal(at.checked_sub(1), "AbortSignal")
            || is_signal(at.checked_sub(2), "AbortController")
        {
            Kind::AbortListeners
        } else {
            Kind::Listeners
        }
    }

    fn chain_kind(&self) -> Kind {
        if self.graph.kind(self.pile.specimen).is_string() {
            return Kind::LinkedList;
        }
        let link: Vec<&Step> = self
            .since_holder()
            .filter(|step| step.repeats > 1)
            .collect();
        let has = |name: &str| link.iter().any(|step| step.name.contains(name));
        // Reactions are a list at their promise; a chain has a promise in each link.
        if has("PromiseReaction")
            && link
                .iter()
                .all(|step| step.name.contains("PromiseReaction"))
        {
            return Kind::PendingPromise;
        }
        if has("Promise")
            || self
                .graph
                .raw_name(self.pile.specimen)
                .ends_with(b"Promise")
        {
            return Kind::PromiseChain;
        }
        if link.iter().any(|step| step.edge_kind == EdgeType::Context) {
            return Kind::ClosureChain;
        }
        Kind::LinkedList
    }

    /// Whether the specimen is an async resource whose AsyncLocalStorage store is at least half of what it keeps. Where
    /// everything runs in a store, a leak of resources is not the store's.
    fn is_mostly_store(&self) -> bool {
        let retained = |node| self.heap.dominators.retained_size(node);
        store(self.graph, self.pile.specimen)
            .is_some_and(|store| retained(store) * 2 >= retained(self.pile.specimen))
    }

    fn is_machinery(&self) -> bool {
        matches!(
            self.graph.kind(self.pile.specimen),
            NodeType::Hidden | NodeType::ObjectShape | NodeType::Code
        )
    }

    fn is_buffer(&self, specimen: &str) -> bool {
        matches!(
            specimen,
            "Buffer" | "ArrayBuffer" | "SharedArrayBuffer" | "system / JSArrayBufferData"
        ) || specimen.ends_with("Array")
            && self.graph.follow(self.pile.specimen, "buffer").is_some()
    }

    /// By the link from the holder to what it holds, and by the holder's class.
    fn container(&self) -> Kind {
        let after = self.pile.steps.get(self.holder_at + 1);
        let edge = after.map(|step| step.edge_kind);
        if edge == Some(EdgeType::Context) {
            return Kind::ClosureVariable;
        }
        let Some(holder) = self.holder() else {
            return Kind::Property;
        };
        if holder.edge == "public_symbol_table" {
            return Kind::Dictionary;
        }
        if matches!(edge, Some(EdgeType::Property | EdgeType::Element))
            && !held::is_scattered(&self.pile.steps, self.pile.shared)
            && self.is_dictionary(holder)
        {
            return Kind::Dictionary;
        }
        if after.is_some_and(|step| step.edge == "value in WeakMap") {
            return Kind::WeakMap;
        }
        if edge != Some(EdgeType::Property) {
            let containers = [
                ("Map", Kind::Map),
                ("Set", Kind::Set),
                ("Array", Kind::Array),
                ("WeakMap", Kind::WeakMap),
                ("WeakSet", Kind::Set),
            ];
            for (name, kind) in containers {
                if is_instance(self.graph, holder.node, name) {
                    return kind;
                }
            }
        }
        if holder.edge_kind == EdgeType::Context {
            return Kind::ClosureVariable;
        }
        Kind::Property
    }

    /// Whether the holder has so many properties, and so many new ones, that it is no record.
    fn is_dictionary(&self, holder: &Step) -> bool {
        let is_key = |kind| matches!(kind, EdgeType::Property | EdgeType::Element);
        held::is_visible(holder)
            && !held::is_of_node(holder)
            && !is_instance(self.graph, holder.node, "Array")
            && self
                .graph
                .edges(holder.node)
                .filter(|edge| is_key(edge.kind))
                .nth(DICTIONARY)
                .is_some()
    }
}

/// The AsyncLocalStorage store that an async resource keeps.
fn store(graph: &Graph, node: u32) -> Option<u32> {
    let is_store = |name: &str| {
        matches!(
            name,
            "<symbol kResourceStore>" | "<symbol async_context_frame>" | "Symbol(kResourceStore)"
        )
    };
    graph
        .edges(node)
        .find(|edge| {
            edge.kind == EdgeType::Property
                && (is_store(&graph.string(edge.name))
                    || graph.raw_name(edge.to) == b"AsyncContextFrame")
        })
        .map(|edge| edge.to)
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
