//! A suspect's path as lines of text.

use std::fmt::Write;

use super::text::{fit, width};
use crate::format::grouped;
use crate::snapshot::PathStep;
use crate::snapshot::kind::EdgeType;

/// A step of a path in its parts: what must never be cut is the place and the mark.
pub(super) struct PathLine {
    what: String,
    /// `/app/server.js` and `:12:5`.
    place: Option<(String, String)>,
    mark: &'static str,
}

impl PathLine {
    /// In one line of `width` columns or, where the place needs more, in two. First the directories of the place are cut,
    /// then the names before it; the file's name, line and column are always whole.
    pub(super) fn fitted(&self, indent: &str, width_limit: usize) -> Vec<String> {
        /// What is left of names at the least.
        const LEAST: usize = 30;
        let room = width_limit - width(indent) - width(self.mark);
        let Some((url, position)) = &self.place else {
            return vec![format!("{indent}{}{}", fit(&self.what, room), self.mark)];
        };
        let short = |room: usize| shortest_fit(url, room.saturating_sub(width(position)));
        let file = width(&short(0)) + width(position);
        let what = fit(&self.what, room.saturating_sub(file + 2).max(LEAST));
        let left = room.saturating_sub(width(&what) + 2);
        if file <= left {
            let place = short(left);
            return vec![format!("{indent}{what}  {place}{position}{}", self.mark)];
        }
        let own = short(width_limit - width(indent) - 2);
        vec![
            format!("{indent}{}{}", fit(&self.what, room), self.mark),
            format!("{indent}  {own}{position}"),
        ]
    }
}

/// The path with as many of its last parts as fit, its file's name at the least: `…/routes/page.js`.
fn shortest_fit(url: &str, room: usize) -> String {
    if width(url) <= room {
        return url.to_owned();
    }
    let mut tails = url
        .char_indices()
        .filter(|&(at, character)| at > 0 && matches!(character, '/' | '\\'))
        .map(|(at, _)| &url[at..]);
    let fitting = tails.clone().find(|tail| width(tail) < room);
    match fitting.or_else(|| tails.next_back()) {
        Some(tail) => format!("…{tail}"),
        None => url.to_owned(),
    }
}

/// A line for each step that a developer can see: V8's links between an object and its backing store are left out, and so is the scope between a
/// function and its variable; a repeated block says how often on its first line.
pub(super) fn path_lines(path: &[PathStep]) -> Vec<PathLine> {
    let mut lines = Vec::new();
    for (index, step) in path.iter().enumerate() {
        let next_is_variable = path
            .get(index + 1)
            .is_some_and(|next| next.edge_type == EdgeType::Context);
        if step.edge == "context" && step.block == 0 && !step.accumulates && next_is_variable {
            continue;
        }
        if is_backing_store(step) && !step.accumulates {
            continue;
        }
        let mut line = String::new();
        let _ = match step.edge_type {
            EdgeType::Property => write!(line, ".{} ", step.edge),
            EdgeType::Context => write!(line, "variable {} ", step.edge),
            EdgeType::Element | EdgeType::Hidden => write!(line, "[] "),
            EdgeType::Shortcut => Ok(()),
            _ if step.edge.bytes().all(|byte| byte.is_ascii_digit()) => write!(line, "[] "),
            _ => write!(line, "({}) ", step.edge),
        };
        // In the words of JavaScript, where it has some.
        match step.node.as_str() {
            "system / Context" => {
                if step.edge_type == EdgeType::Internal {
                    line.clear();
                }
                line.push_str("scope");
            }
            "(array)" if is_backing_store(step) => {}
            node => line.push_str(node),
        }
        if step.block > 0 {
            let _ = write!(line, "  × {}", grouped(step.repeats));
        } else if step.repeats > 1 {
            line.insert_str(0, "  ");
        }
        lines.push(PathLine {
            what: line,
            place: step.location.as_ref().map(|place| {
                (
                    place.url.clone(),
                    format!(":{}:{}", place.line, place.column),
                )
            }),
            mark: if step.accumulates {
                "  ← piles up here"
            } else {
                ""
            },
        });
    }
    lines
}

/// V8's table of a Map, an array's elements, an object's properties.
fn is_backing_store(step: &PathStep) -> bool {
    step.edge_type == EdgeType::Internal
        && matches!(step.edge.as_str(), "table" | "elements" | "properties")
}
