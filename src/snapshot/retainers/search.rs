//! The most telling chain to every node: breadth first from the root, what explains most first.
//!
//! In this order: by way of the program's own functions; then what is more than the async context that something was made
//! in; then what is not V8's cache; and last through another marked object, which leads to everything in it.

use std::cell::RefCell;
use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::owner::{Owner, Owners};
use crate::snapshot::graph::{Edge, Graph};
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::parser::weak_maps::table_of;
use crate::snapshot::ranking::sorted;

const NONE: u32 = u32::MAX;

/// For each node the edge by which it is reached and where that edge comes from.
pub(super) struct Chains<'g> {
    graph: &'g Graph,
    parents: Vec<u32>,
    via: Vec<u32>,
}

impl<'g> Chains<'g> {
    /// `doors` are the ways into marked objects, each with the edge that leads from it to the object itself.
    pub(super) fn find(
        graph: &'g Graph,
        owners: &'g Owners<'g>,
        doors: FxHashMap<u32, Option<u32>>,
    ) -> Chains<'g> {
        let mut search = Search {
            graph,
            owners,
            doors,
            names: Names::new(graph),
            chains: Chains {
                graph,
                parents: vec![NONE; graph.node_count()],
                via: vec![NONE; graph.node_count()],
            },
            near: VecDeque::from([0]),
            functions: Vec::new(),
            opened: Vec::new(),
            entrances: Vec::new(),
            is_choosing: true,
            last_resorts: Vec::new(),
            caches: Vec::new(),
            pairs: Vec::new(),
        };
        search.chains.parents[0] = 0;
        search.run();
        search.chains
    }

    /// Edges from the root to `node`; empty if nothing strong leads there.
    pub(super) fn to(&self, node: u32) -> Vec<u32> {
        let mut edges = Vec::new();
        let mut at = node;
        while at != 0 && self.parents[at as usize] != NONE {
            edges.push(self.via[at as usize]);
            at = self.parents[at as usize];
        }
        edges.reverse();
        debug_assert!(
            edges
                .last()
                .is_none_or(|edge| self.graph.edge(*edge).to == node)
        );
        edges
    }

    fn is_reached(&self, node: u32) -> bool {
        self.parents[node as usize] != NONE
    }
}

/// An edge and where it comes from.
#[derive(Clone, Copy)]
struct Link {
    from: u32,
    edge: u32,
}

struct Search<'g> {
    graph: &'g Graph,
    owners: &'g Owners<'g>,
    doors: FxHashMap<u32, Option<u32>>,
    names: Names<'g>,
    chains: Chains<'g>,
    near: VecDeque<u32>,
    /// The program's own functions, followed when everything else near was.
    functions: Vec<u32>,
    /// Doors that were reached; what is behind them comes last.
    opened: Vec<u32>,
    /// Ways into marked objects, of which the one that says most is taken once the program's functions were followed.
    entrances: Vec<Link>,
    is_choosing: bool,
    last_resorts: Vec<Link>,
    caches: Vec<u32>,
    /// From a WeakMap's keys to its values.
    pairs: Vec<Link>,
}

impl Search<'_> {
    fn run(&mut self) {
        self.settle();
        while !self.opened.is_empty() {
            for door in std::mem::take(&mut self.opened) {
                self.walk(door);
            }
            self.settle();
        }
    }

    fn reach(&mut self, link: Link) {
        let to = self.graph.edge_targets[link.edge as usize];
        if self.chains.is_reached(to) {
            return;
        }
        self.chains.parents[to as usize] = link.from;
        self.chains.via[to as usize] = link.edge;
        if self.names.of_node(to).is(Name::CACHE) {
            self.caches.push(to);
        } else if let Some(&object) = self.doors.get(&to) {
            self.opened.push(to);
            // A realm's context is as good as its global object; everything else in it has to wait.
            if let Some(edge) = object {
                self.reach(Link { from: to, edge });
            }
        } else if self.graph.kind(to) == NodeType::Closure
            && self.owners.of(to) == Some(Owner::Program)
        {
            self.functions.push(to);
        } else {
            self.near.push_back(to);
        }
    }

    fn walk(&mut self, node: u32) {
        let name = self.names.of_node(node);
        if name.is(Name::INVENTORY) {
            return;
        }
        for index in self.graph.edge_range(node) {
            let edge = self.graph.edge(index as u32);
            // Before Node 18 what a WeakRef points to looks like any other hidden reference.
            let is_weak = matches!(edge.kind, EdgeType::Weak | EdgeType::WeakMapTable)
                || edge.kind == EdgeType::Hidden && name.is(Name::WEAK_REF);
            if is_weak || self.chains.is_reached(edge.to) {
                continue;
            }
            self.consider(node, edge);
        }
    }

    fn consider(&mut self, from: u32, edge: Edge) {
        let link = Link {
            from,
            edge: edge.index,
        };
        if self.is_choosing && self.doors.contains_key(&edge.to) {
            self.entrances.push(link);
            return;
        }
        let name = if edge.kind.is_indexed() {
            Name::default()
        } else {
            self.names.of(edge.name)
        };
        let is_internal = edge.kind == EdgeType::Internal;
        if self.names.of_node(edge.to).is(Name::SAYS_LITTLE) {
            self.last_resorts.push(link);
        } else if is_internal && name.is(Name::REPEATED) {
            // Not a hold of its own.
        } else if is_internal && name.is(Name::PAIR) {
            self.pairs.push(link);
        } else if name.is(Name::SAYS_LITTLE) {
            self.last_resorts.push(link);
        } else {
            self.reach(link);
        }
    }

    /// Follows everything but caches, pairs of WeakMaps and what is behind the doors.
    fn drain(&mut self) {
        loop {
            while let Some(node) = self.near.pop_front() {
                self.walk(node);
            }
            if !self.functions.is_empty() {
                for function in std::mem::take(&mut self.functions) {
                    self.walk(function);
                }
            } else if self.is_choosing {
                self.choose();
            } else if self.last_resorts.is_empty() {
                return;
            } else {
                for link in std::mem::take(&mut self.last_resorts) {
                    self.reach(link);
                }
            }
        }
    }

    fn choose(&mut self) {
        self.is_choosing = false;
        let entrances = std::mem::take(&mut self.entrances);
        let entrances = sorted(entrances, |link| self.rank(link.from).into());
        for Link { from, edge } in entrances {
            self.consider(from, self.graph.edge(edge));
        }
    }

    /// 0: held by way of the program's own code; 1: by nobody's; 2: by the runner, which may let go yet.
    fn rank(&self, node: u32) -> u8 {
        let mut best = 1;
        let mut at = node;
        while at != 0 {
            match self.owners.of(at) {
                Some(Owner::Runner) => return 2,
                Some(Owner::Program) => best = 0,
                _ => {}
            }
            at = self.chains.parents[at as usize];
        }
        best
    }

    fn settle(&mut self) {
        self.drain();
        loop {
            for cache in std::mem::take(&mut self.caches) {
                self.walk(cache);
            }
            self.drain();
            if !self.follow_pairs() {
                return;
            }
            self.drain();
        }
    }

    /// A WeakMap's value is held by its key as long as the map is there.
    fn follow_pairs(&mut self) -> bool {
        let mut waiting = std::mem::take(&mut self.pairs);
        waiting.retain(|link| {
            !self
                .chains
                .is_reached(self.graph.edge_targets[link.edge as usize])
        });
        let tables = self.tables(&waiting);
        let (ready, waiting): (Vec<Link>, Vec<Link>) = waiting.into_iter().partition(|link| {
            self.table_id(*link)
                .and_then(|id| tables.get(&id))
                .is_some_and(|table| self.chains.is_reached(*table))
        });
        self.pairs = waiting;
        let is_more = !ready.is_empty();
        for link in ready {
            self.reach(link);
        }
        is_more
    }

    fn table_id(&self, link: Link) -> Option<u32> {
        table_of(
            self.graph
                .raw_string(self.graph.edge_names[link.edge as usize]),
        )
    }

    /// The nodes of the WeakMaps' tables by their ids.
    fn tables(&self, pairs: &[Link]) -> FxHashMap<u32, u32> {
        let ids: FxHashSet<u32> = pairs
            .iter()
            .filter_map(|link| self.table_id(*link))
            .collect();
        if ids.is_empty() {
            return FxHashMap::default();
        }
        (0..self.graph.node_count() as u32)
            .filter(|node| ids.contains(&self.graph.id(*node)))
            .map(|node| (self.graph.id(node), node))
            .collect()
    }
}

/// What a name of a node or an edge means for the search.
#[derive(Clone, Copy, Default)]
struct Name(u8);

impl Name {
    const KNOWN: u8 = 1;
    /// A list of everything there is, which keeps nothing.
    const INVENTORY: u8 = 2;
    /// Keeps a thing only if nobody else does.
    const CACHE: u8 = 4;
    const WEAK_REF: u8 = 8;
    /// What was current when something was made; a module of a realm, which holds all of it; what V8's inline caches saw
    /// last.
    const SAYS_LITTLE: u8 = 16;
    /// What an object's own properties and elements lead to as well, by their names; what was looked at in this very turn.
    const REPEATED: u8 = 32;
    /// From a WeakMap's key to its value.
    const PAIR: u8 = 64;

    fn is(self, what: u8) -> bool {
        self.0 & what != 0
    }

    fn new(text: &[u8]) -> Name {
        let meaning = match text {
            b"Node / CleanupQueue"
            | b"Node / BaseObjectList"
            | b"Node / CppgcWrapperList"
            | b"Node / Realm"
            | b"Node / PrincipalRealm"
            | b"(Weak global handles)"
            | b"(Weak roots)" => Name::INVENTORY,
            b"(Compilation cache)"
            | b"(Eternal handles)"
            | b"(Stack roots)"
            | b"(Handle scope)"
            // What V8's own code looks at, like a compiler's thread.
            | b"(Strong roots)"
            | b"(Micro tasks)" => Name::CACHE,
            b"WeakRef" => Name::WEAK_REF,
            b"weak_refs_keep_during_job" | b"properties" | b"elements" => Name::REPEATED,
            b"ModuleWrap"
            | b"system / SyntheticModule"
            // A module's export, for Node 14's own modules alone: it keeps what replaced a function, put back or not.
            | b"system / Cell"
            | b"system / FeedbackCell"
            | b"system / FeedbackVector"
            // Before Node 16 the cell has no name of its own.
            | b"feedback_cell" => Name::SAYS_LITTLE,
            text if is_async_context(text) => Name::SAYS_LITTLE,
            text if table_of(text).is_some() => Name::PAIR,
            _ => 0,
        };
        Name(Name::KNOWN | meaning)
    }
}

/// Meanings by string, each worked out once.
struct Names<'g> {
    graph: &'g Graph,
    known: RefCell<Vec<Name>>,
}

impl<'g> Names<'g> {
    fn new(graph: &'g Graph) -> Names<'g> {
        let known = RefCell::new(vec![Name::default(); graph.strings.len()]);
        Names { graph, known }
    }

    fn of_node(&self, node: u32) -> Name {
        self.of(self.graph.node_names[node as usize])
    }

    fn of(&self, string: u32) -> Name {
        let mut known = self.known.borrow_mut();
        let Some(name) = known.get_mut(string as usize) else {
            return Name::default();
        };
        if !name.is(Name::KNOWN) {
            *name = Name::new(self.graph.raw_string(string));
        }
        *name
    }
}

/// How a resource holds what was current when it was made.
pub(super) fn is_async_context(name: &[u8]) -> bool {
    [
        &b"kResourceStore"[..],
        b"async_context_frame",
        b"AsyncContextFrame",
    ]
    .iter()
    .any(|part| memchr::memmem::find(name, part).is_some())
}
