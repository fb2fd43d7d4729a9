//! Script numbers to URLs, from the snapshot alone.
//!
//! `locations` name a script by number; nothing in the format maps the number to a file. But a closure has a location,
//! and leads to its script: –`shared`→ code –`script_or_debug_info` (Node 12–20) or `script` (22 on)→ code –`name`→ string.
//! With debug information attached (a debugger was on) the script is one `script` further.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::snapshot::graph::{Graph, Location};
use crate::snapshot::kind::NodeType;

/// The scripts that locations refer to.
#[derive(Debug, Default)]
pub struct Scripts {
    known: FxHashMap<u32, Script>,
}

#[derive(Debug)]
struct Script {
    url: String,
    /// The string that is its source.
    source: Option<u32>,
}

impl Scripts {
    /// Looks at closures until every script of `graph` has its URL.
    pub fn new(graph: &Graph) -> Scripts {
        let mut missing: FxHashSet<u32> = graph
            .locations
            .iter()
            .map(|location| location.script)
            .collect();
        let mut known = FxHashMap::default();
        for node in 0..graph.node_count() as u32 {
            if missing.is_empty() {
                break;
            }
            if graph.kind(node) != NodeType::Closure {
                continue;
            }
            let Some(location) = graph.location(node) else {
                continue;
            };
            if missing.contains(&location.script)
                && let Some(script) = script_of(graph, node)
                && let Some(url) = script_url(graph, script)
            {
                missing.remove(&location.script);
                let source = graph.follow(script, "source");
                known.insert(location.script, Script { url, source });
            }
        }
        Scripts { known }
    }

    /// The URL of the location's script.
    pub fn url(&self, location: Location) -> Option<&str> {
        let script = self.known.get(&location.script)?;
        Some(&script.url)
    }

    /// Where the script of `location` declares a variable of the module.
    pub(crate) fn declaration(
        &self,
        graph: &Graph,
        location: Location,
        name: &str,
    ) -> Option<Location> {
        let text = graph.name(self.known.get(&location.script)?.source?);
        let (line, column) = declared_at(text.as_bytes(), name.as_bytes())?;
        Some(Location {
            line,
            column,
            ..location
        })
    }

    /// Scripts by number, each with its URL.
    pub(crate) fn urls(&self) -> impl Iterator<Item = (u32, &str)> {
        self.known
            .iter()
            .map(|(number, script)| (*number, script.url.as_str()))
    }

    /// The node of the source that was compiled under this URL. Where it was compiled more than once, the last one's.
    pub(crate) fn source(&self, url: &str) -> Option<u32> {
        let of_url = self.known.iter().filter(|(_, script)| script.url == url);
        of_url.max_by_key(|(number, _)| **number)?.1.source
    }
}

/// Line and column where a text declares this name of a module: where a line begins with it. What functions declare stands
/// further in, and may only be called the same; so may what a comment or a template says. A text that was cut has the
/// beginning of all there is, and a module cannot declare the name again in the rest.
fn declared_at(text: &[u8], name: &[u8]) -> Option<(u32, u32)> {
    let (mut in_comment, mut in_template) = (false, false);
    for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if !in_comment
            && !in_template
            && let Some(column) = name_at(line, name)
        {
            return Some((number as u32, column));
        }
        for (at, byte) in line.iter().enumerate() {
            match (byte, line.get(at + 1)) {
                (b'`', _) => in_template = !in_template,
                (b'/', Some(b'*')) => in_comment = true,
                (b'*', Some(b'/')) => in_comment = false,
                _ => {}
            }
        }
    }
    None
}

/// The column of the name if a declaration that the line begins with, or one after it in the line, is of this name.
fn name_at(line: &[u8], name: &[u8]) -> Option<u32> {
    let mut at = 0;
    loop {
        let keyword = memchr::memchr(b' ', &line[at..])?;
        if !matches!(&line[at..at + keyword], b"const" | b"let" | b"var") {
            return None;
        }
        at += keyword + 1;
        let is_next = |at: usize| {
            let rest = line.get(at..)?.strip_prefix(name)?;
            // What goes on, or is cut here, may be a longer name.
            matches!(
                rest.first()?,
                b' ' | b';' | b'=' | b':' | b',' | b'\r' | b'\n'
            )
            .then_some(at as u32)
        };
        loop {
            if let Some(column) = is_next(at) {
                return Some(column);
            }
            let ends_with = end_of_declarator(line, &mut at)?;
            at += line[at..].iter().take_while(|&&byte| byte == b' ').count();
            if ends_with == b';' {
                break;
            }
        }
    }
}

/// Goes behind the comma or semicolon that ends what is declared at `at`, and says which. What is in brackets or quotes is passed
/// over; a comment, a template or a quote that is not closed ends the line.
fn end_of_declarator(line: &[u8], at: &mut usize) -> Option<u8> {
    let mut depth = 0_u32;
    while let Some(&byte) = line.get(*at) {
        *at += 1;
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
            b'\'' | b'"' => *at += memchr::memchr(byte, &line[*at..])? + 1,
            b'`' => return None,
            b'/' if matches!(line.get(*at), Some(b'/' | b'*')) => return None,
            b',' | b';' if depth == 0 => return Some(byte),
            _ => {}
        }
    }
    None
}

/// The script node of a closure.
pub(crate) fn script_of(graph: &Graph, closure: u32) -> Option<u32> {
    let shared = graph.follow(closure, "shared")?;
    let script = graph
        .follow(shared, "script_or_debug_info")
        .or_else(|| graph.follow(shared, "script"))?;
    // A DebugInfo stands before the script.
    Some(graph.follow(script, "script").unwrap_or(script))
}

/// The script's name, as `require`, `import` or `vm` gave it.
fn script_url(graph: &Graph, script: u32) -> Option<String> {
    text_of(graph, graph.follow(script, "name")?).filter(|url| !url.is_empty())
}

/// Pieces of a string that is put together, at most.
const PIECES: usize = 256;

/// A string's text. One that was joined (`path.join`, a template) lies in two halves until somebody reads it.
pub(crate) fn text_of(graph: &Graph, string: u32) -> Option<String> {
    let mut text = String::new();
    let mut left = vec![string];
    for _ in 0..PIECES {
        let Some(node) = left.pop() else {
            return Some(text);
        };
        match graph.kind(node) {
            NodeType::ConsString => {
                left.push(graph.follow(node, "second")?);
                left.push(graph.follow(node, "first")?);
            }
            kind if kind.is_string() => text.push_str(&graph.name(node)),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_of_a_module_begins_a_line() {
        for (text, at) in [
            ("const jobs = new Map();", (0, 6)),
            ("'use strict';\n\nlet jobs;", (2, 4)),
            ("f();\r\nvar jobs\r\nfunction f() {\r\n  let jobs;", (1, 4)),
            ("/* jobs */ f(`jobs`);\nlet jobs: Job[] = [];", (1, 4)),
            ("/*\nlet jobs;\n*/\nlet jobs;", (3, 4)),
            ("const fs = require('fs'); const jobs = [];", (0, 32)),
            ("let a = f(x, ';'), b = [1, 2], jobs = {};", (0, 31)),
        ] {
            let found = declared_at(text.as_bytes(), b"jobs");
            assert_eq!(found, Some(at), "{text}");
        }
        for text in [
            "const jobsDone = 1;",
            "const jobs",
            "jobs = 2",
            "outlet jobs;",
            "let a = jobs;",
            "const f = (a, jobs = 1) => {",
            "const a = { b, jobs: 1 };",
            "const a = 1; // const jobs = 2;",
            "let a = 'x; let jobs;",
            "constjobs;",
            "  let jobs;",
            "f(); let jobs;",
            "/*\nlet jobs;\n",
            "f(`\nlet jobs;\n",
        ] {
            assert_eq!(declared_at(text.as_bytes(), b"jobs"), None, "{text}");
        }
    }
}
