//! Classes of objects, as Chrome DevTools groups them: by constructor, and by where the constructor stands.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::snapshot::dominators::Dominators;
use crate::snapshot::graph::{Graph, Location};
use crate::snapshot::kind::NodeType;
use crate::snapshot::sizes::Sizes;
use crate::snapshot::spare::Spare;
use crate::snapshot::tree::Tree;

/// What makes two nodes one class.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClassKey {
    /// Constructor, or V8's group in parentheses.
    pub name: String,
    /// Where the constructor stands; absent for built-ins and V8's groups.
    pub location: Option<Location>,
}

/// Sums over one class; sizes in bytes.
#[derive(Clone, Debug)]
pub struct Class {
    /// The class.
    pub key: ClassKey,
    /// Objects with a size. Empty ones (roots, read-only objects of newer V8) are not counted, as in DevTools.
    pub count: u64,
    /// Bytes of the objects themselves and of the backing stores they alone own.
    pub shallow: u64,
    /// Bytes that would go with all of them: retained sizes of those not dominated by another of the class.
    pub retained: u64,
}

/// The class of every node.
pub struct Classes {
    /// Index into `table` by node.
    pub of: Vec<u32>,
    /// The classes, in the order in which they were met.
    pub table: Vec<Class>,
}

const UNKNOWN: u32 = u32::MAX;

impl Classes {
    /// Sums up the classes of nodes that are grouped.
    pub(crate) fn sum_up(
        &mut self,
        graph: &Graph,
        sizes: &Sizes,
        dominators: &Dominators,
        tree: &Tree,
    ) {
        let classes = self;
        for node in 0..graph.node_count() as u32 {
            let size = sizes.get(node);
            if size > 0 {
                let class = &mut classes.table[classes.of[node as usize] as usize];
                class.count += 1;
                class.shallow = class.shallow.saturating_add(size);
            }
        }
        // In preorder a node is dominated by another of its class iff it lies before the end of that one's subtree.
        let mut covered = vec![0_u32; classes.table.len()];
        for ((number, end), position) in tree.preorder().zip(0_u32..) {
            let node = dominators.order.node_of[number as usize];
            let index = classes.of[node as usize] as usize;
            if covered[index] <= position && sizes.get(node) > 0 {
                covered[index] = end;
                let class = &mut classes.table[index];
                class.retained = class
                    .retained
                    .saturating_add(dominators.retained[number as usize]);
            }
        }
    }

    /// Groups the nodes; sums are 0 until [`Classes::sum_up`].
    pub(crate) fn group(graph: &Graph, spare: &mut Spare) -> Classes {
        let mut grouping = Grouping {
            graph,
            table: Vec::new(),
            by_type: [UNKNOWN; 32],
            by_name: vec![UNKNOWN; graph.strings.len()],
            by_text: FxHashMap::default(),
            by_location: FxHashMap::default(),
        };
        let mut of = spare.keep(graph.node_count());
        of.extend((0..graph.node_count() as u32).map(|node| grouping.class_of(node)));
        of.shrink_to_fit();
        Classes {
            of,
            table: grouping.table,
        }
    }
}

struct Grouping<'g> {
    graph: &'g Graph,
    table: Vec<Class>,
    by_type: [u32; 32],
    by_name: Vec<u32>,
    by_text: FxHashMap<String, u32>,
    by_location: FxHashMap<(Location, u32), u32>,
}

impl Grouping<'_> {
    fn class_of(&mut self, node: u32) -> u32 {
        let kind = self.graph.kind(node);
        if !matches!(kind, NodeType::Object | NodeType::Native) {
            let known = self.by_type[kind as usize];
            if known != UNKNOWN {
                return known;
            }
            let class = self.named(group_name(kind));
            self.by_type[kind as usize] = class;
            return class;
        }
        let name = self.graph.node_names[node as usize];
        if kind == NodeType::Object
            && let Some(location) = self.graph.location(node)
        {
            if let Some(&known) = self.by_location.get(&(location, name)) {
                return known;
            }
            let key = ClassKey {
                name: self.graph.string(name).into_owned(),
                location: Some(location),
            };
            let class = self.add(key);
            self.by_location.insert((location, name), class);
            return class;
        }
        if self.graph.is_detached(node) {
            let name = format!("Detached {}", self.graph.string(name));
            return self.named(tag_name(name.into()));
        }
        let known = self.by_name[name as usize];
        if known != UNKNOWN {
            return known;
        }
        let text = self.graph.string(name);
        let class = self.named(tag_name(text));
        self.by_name[name as usize] = class;
        class
    }

    fn named(&mut self, name: Cow<'_, str>) -> u32 {
        if let Some(&known) = self.by_text.get(name.as_ref()) {
            return known;
        }
        let class = self.add(ClassKey {
            name: name.clone().into_owned(),
            location: None,
        });
        self.by_text.insert(name.into_owned(), class);
        class
    }

    fn add(&mut self, key: ClassKey) -> u32 {
        self.table.push(Class {
            key,
            count: 0,
            shallow: 0,
            retained: 0,
        });
        self.table.len() as u32 - 1
    }
}

/// The group of nodes whose name is no class.
fn group_name(kind: NodeType) -> Cow<'static, str> {
    match kind {
        NodeType::Hidden => "(system)".into(),
        NodeType::Code => "(compiled code)".into(),
        NodeType::Closure => "Function".into(),
        NodeType::RegExp => "RegExp".into(),
        other => format!("({})", other.name()).into(),
    }
}

/// `<div id="a">` and `Detached <div id="a">` belong to `<div>` and `Detached <div>`.
fn tag_name(name: Cow<'_, str>) -> Cow<'_, str> {
    let from = if name.starts_with('<') {
        0
    } else if name.starts_with("Detached <") {
        10
    } else {
        return name;
    };
    match name[from..].find(' ') {
        Some(space) => format!("{}>", &name[..from + space]).into(),
        None => name,
    }
}
