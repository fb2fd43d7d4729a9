//! What holds objects that are known beforehand: for each, the most telling chain of strong references from a root.
//!
//! Growth needs two snapshots; here the question is another. A test runner marks the global object of each test file with
//! a small object that refers to it weakly. Where a file is over and its global is still there, one snapshot says who
//! holds it. Weak references, V8's caches and its inventories of everything hold nothing.

mod marks;
mod owner;
mod search;

use std::collections::VecDeque;
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::snapshot::SnapshotError;
use crate::snapshot::graph::{Edge, Graph};
use crate::snapshot::heap::processors;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::originals::Originals;
use crate::snapshot::parser;
use crate::snapshot::place::Place;
use crate::snapshot::progress::{OnProgress, Reporter};
use crate::snapshot::reader::Input;
use crate::snapshot::scripts::{Scripts, text_of};
use marks::Mark;
pub use owner::Owner;
use owner::Owners;
use search::Chains;

/// Objects to explain.
pub struct Marked<'a> {
    /// The class whose instances mark objects: their `environment` is a WeakRef, their `label` a string.
    pub class: &'a str,
    /// The labels that are asked for.
    pub labels: &'a [String],
    /// The folder of code that watches, which explains nothing.
    pub own_folder: &'a str,
    /// Told how far it is; may stop it.
    pub progress: Option<OnProgress<'a>>,
}

/// What holds one of them.
#[derive(Debug)]
pub struct Retained {
    /// As its mark says.
    pub label: String,
    /// Another of them, through which alone this one is held: it goes when that one goes.
    pub through: Option<String>,
    /// From the root to the object.
    pub steps: Vec<Step>,
    /// Index of the step at which the object is entered; those after it only link parts of the object to each other.
    pub entry: usize,
    /// Whether the last timer on the way fires once.
    pub one_shot: bool,
    /// A function of the program's own near the holder.
    pub nearby: Option<Place>,
}

/// One link of the chain.
#[derive(Debug)]
pub struct Step {
    /// The edge's name or index.
    pub edge: String,
    /// How it refers.
    pub edge_type: EdgeType,
    /// The name of the node it leads to.
    pub node: String,
    /// What that is.
    pub node_type: NodeType,
    /// Whether the edge only links parts of a realm.
    pub structural: bool,
    /// Where the function or constructor stands, in the file that people wrote.
    pub location: Option<Place>,
    /// Whose code stands there.
    pub owner: Option<Owner>,
    /// The module of Node's own that exports the node.
    pub module: Option<String>,
}

/// Chains to the marked objects of the snapshot at `path`; those that nothing holds are left out.
pub fn retainers(path: &Path, marked: &Marked<'_>) -> Result<Vec<Retained>, SnapshotError> {
    let reporter = Reporter {
        callback: marked.progress,
        file: 0,
    };
    let graph = Input::open(path)
        .and_then(|input| parser::parse(input, processors(), reporter))
        .map_err(|error| error.of(path))?;
    Ok(explain(&graph, marked))
}

/// The same for a graph that was read.
pub fn explain(graph: &Graph, marked: &Marked<'_>) -> Vec<Retained> {
    let wanted: FxHashSet<&str> = marked.labels.iter().map(String::as_str).collect();
    let mut marks = marks::find(graph, marked.class);
    marks.retain(|mark| wanted.contains(mark.label.as_str()));
    if marks.is_empty() {
        return Vec::new();
    }
    let scripts = Scripts::new(graph);
    let owners = Owners::new(graph, &scripts, marked.own_folder);
    let chains = Chains::find(graph, &owners, marks::doors(graph, &marks));
    let labels: FxHashMap<u32, &str> = marks
        .iter()
        .map(|mark| (mark.object, mark.label.as_str()))
        .collect();
    let mut teller = Teller {
        graph,
        scripts: &scripts,
        owners: &owners,
        modules: module_names(graph),
        originals: Originals::new(graph, &scripts),
    };
    marks
        .iter()
        .filter_map(|mark| {
            let links = chains.to(mark.object);
            let nodes: Vec<u32> = links.iter().map(|edge| graph.edge(*edge).to).collect();
            (!nodes.is_empty()).then(|| teller.tell(mark, &links, through(graph, &nodes, &labels)))
        })
        .collect()
}

/// Another marked object that the chain leads through.
fn through(graph: &Graph, nodes: &[u32], labels: &FxHashMap<u32, &str>) -> Option<String> {
    let (&last, _) = nodes.split_last()?;
    let way = &nodes[..nodes.len().saturating_sub(2)];
    way.iter().find_map(|node| {
        let label = labels.get(node).or_else(|| {
            if graph.raw_name(*node) != b"system / NativeContext" {
                return None;
            }
            let proxy = graph
                .follow(*node, "global_proxy_object")
                .or_else(|| graph.follow(*node, "global_proxy"))?;
            labels.get(&proxy).filter(|_| proxy != last)
        });
        label.map(|label| (*label).to_owned())
    })
}

/// Modules of Node's own, by what they export.
fn module_names(graph: &Graph) -> FxHashMap<u32, String> {
    let is_module = |&node: &u32| {
        graph.kind(node) == NodeType::Object
            && matches!(graph.raw_name(node), b"BuiltinModule" | b"NativeModule")
    };
    (0..graph.node_count() as u32)
        .filter(is_module)
        .filter_map(|node| {
            let id = graph.follow(node, "id")?;
            Some((graph.follow(node, "exports")?, text_of(graph, id)?))
        })
        .collect()
}

struct Teller<'g> {
    graph: &'g Graph,
    scripts: &'g Scripts,
    owners: &'g Owners<'g>,
    modules: FxHashMap<u32, String>,
    originals: Originals<'g>,
}

impl Teller<'_> {
    fn tell(&mut self, mark: &Mark, links: &[u32], through: Option<String>) -> Retained {
        let steps: Vec<Step> = links.iter().map(|link| self.step(*link)).collect();
        let nodes: Vec<u32> = links.iter().map(|link| self.graph.edge(*link).to).collect();
        // Where the object is entered: the last step that does not link parts of it.
        let entry = (1..steps.len())
            .rev()
            .find(|at| !steps[*at].structural)
            .unwrap_or(0);
        Retained {
            label: mark.label.clone(),
            through,
            one_shot: self.is_one_shot(&nodes),
            nearby: self.nearby(nodes[entry.saturating_sub(1)]),
            steps,
            entry,
        }
    }

    fn step(&mut self, link: u32) -> Step {
        let edge = self.graph.edge(link);
        let location = self
            .graph
            .location(edge.to)
            .and_then(|location| Place::of(location, self.scripts));
        Step {
            edge: self.graph.edge_name(&edge).into_owned(),
            edge_type: edge.kind,
            node: self.graph.name(edge.to).into_owned(),
            node_type: self.graph.kind(edge.to),
            structural: is_structural(self.graph, &edge),
            owner: self.owners.of(edge.to),
            location: location.map(|place| self.originals.of(place)),
            module: self.modules.get(&edge.to).cloned(),
        }
    }

    /// Timers hang on one another: the last of them is the one that holds the object. One that fires once repeats `null`.
    fn is_one_shot(&self, nodes: &[u32]) -> bool {
        nodes
            .iter()
            .rfind(|node| self.graph.raw_name(**node) == b"Timeout")
            .and_then(|timer| self.graph.follow(*timer, "_repeat"))
            .is_some_and(|repeat| {
                // Before Node 24 nobody tells `null` from other values of its kind; a number has no node.
                matches!(self.graph.raw_name(repeat), b"null" | b"system / Oddball")
            })
    }

    /// A function of the program's own near `from`, for a handle whose chain has none.
    fn nearby(&mut self, from: u32) -> Option<Place> {
        const BUDGET: usize = 400;
        let mut seen = FxHashSet::from_iter([from]);
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            for edge in self.graph.edges(node) {
                let name = self.graph.raw_string(edge.name);
                let counts = match edge.kind {
                    EdgeType::Property => !leads_elsewhere(name),
                    EdgeType::Element | EdgeType::Context => true,
                    _ => false,
                };
                if !counts || !seen.insert(edge.to) {
                    continue;
                }
                let kind = self.graph.kind(edge.to);
                if kind == NodeType::Closure && self.owners.of(edge.to) == Some(Owner::Program) {
                    let place = Place::of(self.graph.location(edge.to)?, self.scripts)?;
                    return Some(self.originals.of(place));
                }
                if kind == NodeType::Object && queue.len() < BUDGET && seen.len() < BUDGET * 16 {
                    queue.push_back(edge.to);
                }
            }
        }
        None
    }
}

/// How things of one realm lead to its global object: no hold of the program's making.
fn is_structural(graph: &Graph, edge: &Edge) -> bool {
    const NAMES: [&[u8]; 15] = [
        b"__proto__",
        b"constructor",
        b"context",
        b"previous",
        b"map",
        b"native_context",
        b"global_proxy_object",
        b"global_object",
        b"global_proxy",
        b"shared",
        b"script_context_table",
        b"constructor_or_back_pointer",
        b"extension",
        b"prototype",
        b"initial_map",
    ];
    matches!(edge.kind, EdgeType::Internal | EdgeType::Property)
        && NAMES.contains(&graph.raw_string(edge.name))
}

/// Properties of every object, and the async context that something was made in.
fn leads_elsewhere(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 7] = [
        b"context",
        b"__proto__",
        b"constructor",
        b"map",
        b"shared",
        b"native_context",
        b"global_proxy_object",
    ];
    NAMES.contains(&name) || search::is_async_context(name)
}
