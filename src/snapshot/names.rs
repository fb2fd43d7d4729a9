//! What a developer would call an object.

use std::borrow::Cow;

use crate::snapshot::graph::Graph;
use crate::snapshot::kind::{EdgeType, NodeType};

/// From this many properties on an object is taken for a dictionary, whose keys say nothing about what it is.
const DICTIONARY: usize = 64;

/// `Session`, `onData()`, `Object {id, body}`, `"text…"`.
pub fn node_name(graph: &Graph, node: u32) -> String {
    let name = graph.name(node);
    match graph.kind(node) {
        NodeType::Closure => function_name(graph, node, &name),
        NodeType::String | NodeType::ConsString | NodeType::SlicedString => {
            format!("\"{}\"", shorten(&name, 32))
        }
        NodeType::Object if name == "Object" => plain_object_name(graph, node),
        NodeType::Object if !name.starts_with("system / ") => shorten(
            derived_class(graph, node, &name)
                .as_deref()
                .unwrap_or(&name),
            80,
        ),
        // Newer V8 adds which scope it is, by an id.
        NodeType::Object if name.starts_with("system / Context") => "system / Context".into(),
        NodeType::Native if graph.is_detached(node) && name.starts_with('<') => {
            format!("Detached {}", shorten(&name, 60))
        }
        NodeType::RegExp => format!("/{}/", shorten(&name, 40)),
        NodeType::Hidden if name == "system / JSProxy" => "Proxy".into(),
        NodeType::Array if name.is_empty() => "(array)".into(),
        NodeType::Code => format!("(code) {}", shorten(&name, 40)),
        _ if name.is_empty() => format!("({})", graph.kind(node).name()),
        _ => shorten(&name, 80),
    }
}

/// `onData()`, `bound onData()`. What is bound again and again may be thousands of links long: one name does for all of them.
fn function_name(graph: &Graph, node: u32, name: &str) -> String {
    if name == "native_bind"
        && let Some(target) = graph.follow(node, "bound_function")
        && graph.kind(target) == NodeType::Closure
    {
        let name = graph.name(target);
        return if name == "native_bind" {
            "bound bound …()".into()
        } else {
            format!("bound {}", function_name(graph, target, &name))
        };
    }
    if name.is_empty() {
        "(anonymous)()".into()
    } else {
        format!("{}()", shorten(name, 60))
    }
}

/// The class of an object whose prototype was set after V8 had named it: an `AbortSignal` is made as an `EventTarget`.
/// The prototype's constructor is believed where V8's name is that of an ancestor.
fn derived_class(graph: &Graph, node: u32, name: &str) -> Option<String> {
    let mut classes = prototype_classes(graph, node);
    let first = classes.next().flatten()?;
    (first != name && classes.any(|class| class.as_deref() == Some(name))).then(|| first.into())
}

/// The constructors of the prototypes of an object, nearest first; `None` for one that does not say.
fn prototype_classes(graph: &Graph, node: u32) -> impl Iterator<Item = Option<Cow<'_, str>>> {
    const DEPTH: usize = 6;
    std::iter::successors(graph.follow(node, "__proto__"), |&prototype| {
        graph.follow(prototype, "__proto__")
    })
    .take(DEPTH)
    .map(|prototype| {
        let constructor = graph.follow(prototype, "constructor")?;
        (graph.kind(constructor) == NodeType::Closure).then(|| graph.name(constructor))
    })
}

/// Whether `name` is the object's class or an ancestor of it: a `LoadCache` is a `Map`.
pub(crate) fn is_instance(graph: &Graph, node: u32, name: &str) -> bool {
    graph.raw_name(node) == name.as_bytes()
        || prototype_classes(graph, node).any(|class| class.as_deref() == Some(name))
}

/// `Object {id, body, …}`: the first properties tell plain objects apart.
fn plain_object_name(graph: &Graph, node: u32) -> String {
    const SHOWN: usize = 3;
    let mut names = Vec::new();
    let mut count = 0;
    for edge in graph
        .edges(node)
        .filter(|edge| edge.kind == EdgeType::Property)
    {
        let name = graph.string(edge.name);
        if name == "__proto__" {
            continue;
        }
        count += 1;
        if count <= SHOWN {
            names.push(shorten(&name, 24));
        } else if count == SHOWN + 1 {
            names.push("…".into());
        }
    }
    match count {
        0 => "Object".into(),
        DICTIONARY.. => "Object {…}".into(),
        _ => format!("Object {{{}}}", names.join(", ")),
    }
}

/// At most `limit` characters, on one line.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    let text: Cow<'_, str> = if text.contains(char::is_control) {
        text.replace(char::is_control, " ").into()
    } else {
        text.into()
    };
    if text.chars().count() <= limit {
        return text.into_owned();
    }
    let mut short: String = text.chars().take(limit - 1).collect();
    short.push('…');
    short
}
