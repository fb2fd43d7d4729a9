//! The sentence on which a person acts.

use crate::format::{bytes, grouped, percent};
use crate::snapshot::describe::Description;
use crate::snapshot::graph::Graph;
use crate::snapshot::kind::NodeType;
use crate::snapshot::leak_kind::Kind;
use crate::snapshot::names;

/// What a sentence is made of.
pub(crate) struct Told<'a> {
    pub(crate) description: &'a Description,
    /// Events that other listeners of the same emitter are for.
    pub(crate) others: &'a [String],
    /// What the suspect is called.
    pub(crate) name: &'a str,
    pub(crate) things: &'a Things,
    /// The class of which each has an instance for itself.
    pub(crate) each_has: Option<&'a str>,
    /// How many more.
    pub(crate) count: u64,
    pub(crate) growth: u64,
    /// Of all growth, 0 to 1.
    pub(crate) share: f64,
    /// Where to look.
    pub(crate) place: Option<&'a str>,
}

/// What piles up, for one and for many of them.
pub(crate) struct Things {
    one: String,
    many: String,
}

impl Things {
    /// Of a specimen, which the suspect calls `name`.
    pub(crate) fn of(graph: &Graph, specimen: u32, name: &str) -> Things {
        let plain = names::node_name(graph, specimen);
        let both = |one: &str, many: &str| Things {
            one: one.to_owned(),
            many: many.to_owned(),
        };
        if let Some(native) = name.strip_prefix("Node / ") {
            return both(
                &format!("native {native} object"),
                &format!("native {native} objects"),
            );
        }
        match (graph.kind(specimen), name) {
            (NodeType::Closure, "anonymous functions") => both("anonymous function", name),
            (NodeType::Closure, _) => {
                both(&format!("function {plain}"), &format!("functions {plain}"))
            }
            (NodeType::Symbol, _) => both("symbol", "symbols"),
            (NodeType::RegExp, _) => both("regular expression", "regular expressions"),
            (_, "Array") => both("array", "arrays"),
            (_, "scopes") => both("scope", "scopes"),
            (_, "Map" | "Set" | "WeakMap" | "Promise" | "Buffer" | "ArrayBuffer") => {
                both(name, &format!("{name}s"))
            }
            (_, "Proxy") => both("Proxy", "Proxies"),
            (_, "Object") => both("plain object", "plain objects"),
            (NodeType::Object, _) => match name.strip_prefix("Object ") {
                Some(properties) => both(
                    &format!("object {properties}"),
                    &format!("objects {properties}"),
                ),
                None => both(&format!("{name} object"), &format!("{name} objects")),
            },
            (NodeType::Native, _) if plain.contains('<') => {
                both(&format!("{plain} node"), &format!("{plain} nodes"))
            }
            (NodeType::Native, _) => both(name, name),
            (NodeType::Array, "(array)") => both("backing store", "backing stores"),
            // Names that are plural already: strings, scopes, vm contexts.
            _ => both(name.strip_suffix('s').unwrap_or(name), name),
        }
    }

    /// `1 more array`, `2,000 more arrays`.
    fn more(&self, count: u64) -> String {
        let what = if count == 1 { &self.one } else { &self.many };
        format!("{} more {what}", grouped(count))
    }
}

/// Puts it together.
pub(crate) fn sentence(told: &Told<'_>) -> String {
    let mut text = format!(
        "{} (+{}, {} of the growth)",
        subject(told),
        bytes(told.growth),
        percent(told.share)
    );
    if let Some(place) = told.place {
        text += &format!("; see {place}");
    }
    text.push('.');
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => text,
    }
}

fn subject(told: &Told<'_>) -> String {
    let Description {
        kind, holder, link, ..
    } = told.description;
    let (kind, count) = (*kind, told.count);
    let number = grouped(count);
    let with = told
        .each_has
        .map_or_else(String::new, |class| with(class, count));
    let things = format!("{}{with}", told.things.more(count));
    // "1 more listener was", "2 more listeners were".
    let (s, is, was, keeps) = if count == 1 {
        ("", "is", "was", "keeps")
    } else {
        ("s", "are", "were", "keep")
    };
    let through = |variable: &Option<String>| match variable {
        Some(variable) => format!("the variable {variable} of its scope"),
        None => "its scope".to_owned(),
    };
    match kind {
        Kind::V8Internal => format!("a {} inside V8 grew in place, under {holder}", told.name),
        _ if count == 0 => format!("{holder} became bigger"),
        Kind::Listeners => {
            format!(
                "{number} more listener{s} for {holder} {was} added and not removed{}{}",
                and_for(told.others),
                with.trim_end_matches(',')
            )
        }
        Kind::AbortListeners => format!(
            "{number} more listener{s} for {holder} {was} added and not removed{}: the signal outlives the work",
            and_for(told.others)
        ),
        Kind::Timer => format!(
            "{number} more timer{s} {was} set and neither fired for the last time nor {was} cleared{}",
            with.trim_end_matches(',')
        ),
        Kind::VmContext => match link {
            Some(variable) => format!(
                "{number} more vm context{s} stay alive through {holder}, each with its globals and modules: each is kept \
                 by the next through the variable {variable}"
            ),
            None => format!(
                "{number} more vm context{s} stay alive through {holder}, each with its globals and modules"
            ),
        },
        Kind::ModuleCache => format!("{number} more module{s} {was} loaded and stay in {holder}"),
        Kind::PromiseChain => format!(
            "a chain of promises grew by {number} link{s} from {holder}: each waits for the next"
        ),
        Kind::PendingPromise => format!(
            "{number} more reaction{s} (then, await, Promise.race) wait on {holder}, which has not settled"
        ),
        Kind::ClosureChain => format!(
            "a chain of closures grew by {number} link{s} from {holder}: each keeps the one before through {}",
            through(link)
        ),
        Kind::LinkedList if told.things.many == "strings" => format!(
            "the text in {holder} grew by {number} piece{s}: joined with + or +=, and never let go"
        ),
        Kind::LinkedList => format!(
            "a chain of {} grew by {number} link{s} from {holder}{}",
            told.things.many,
            with.trim_end_matches(',')
        ),
        Kind::AsyncLocalStorage => {
            format!("{things} {keeps} an AsyncLocalStorage store alive, in {holder}")
        }
        Kind::FinalizationRegistry => {
            format!("{number} more registration{s} {is} kept by {holder}")
        }
        Kind::Dictionary => {
            format!("{things} {was} added to {holder}, which serves as a dictionary")
        }
        Kind::SlicedString => format!(
            "{number} more slice{s} in {holder} {keeps} the long strings they were cut from"
        ),
        Kind::Generator => format!(
            "{number} more generator{s} of {}() {was} begun, not finished, and {is} kept by {holder}",
            told.name
        ),
        Kind::AsyncGenerator => format!(
            "{number} more async generator{s} of {}() {was} begun, not finished, and {is} kept by {holder}",
            told.name
        ),
        Kind::AsyncFunction => format!(
            "{number} more call{s} of {}() wait, suspended, in {holder}",
            told.name
        ),
        _ => format!("{things} {is} kept by {holder}"),
    }
}

/// `, each with a Session,`.
fn with(class: &str, count: u64) -> String {
    let each = if count == 1 { "" } else { "each " };
    let article = if class.starts_with(['A', 'E', 'I', 'O', 'U']) {
        "an"
    } else {
        "a"
    };
    format!(", {each}with {article} {class},")
}

/// `, and others for 'close' and 'drain'`.
fn and_for(events: &[String]) -> String {
    const NAMED: usize = 3;
    let named: Vec<String> = events
        .iter()
        .take(NAMED)
        .map(|event| format!("'{event}'"))
        .collect();
    match (named.as_slice(), events.len()) {
        ([], _) => String::new(),
        ([only], _) => format!(", and others for {only}"),
        ([all @ .., last], count) if count <= NAMED => {
            format!(", and others for {} and {last}", all.join(", "))
        }
        (_, count) => format!(
            ", and others for {} and {} more events",
            named.join(", "),
            count - NAMED
        ),
    }
}
