//! Snapshots without secrets: the same graph, other strings.
//!
//! Replaced by their length class (`‹string 16–31›`): the text of every string object, script sources among them; regular
//! expressions; numbers, where the snapshot was written with numeric values; names of objects in pairs of WeakMaps;
//! attributes of DOM elements.
//!
//! Kept, because the analysis lives on it: names of constructors, functions, properties, variables and symbols, script
//! URLs, sizes, ids, and the graph. So an object used as a dictionary still shows its keys: if those are secret, ask for
//! [`Redaction::property_names`], which replaces the names of properties that occur once, and costs the diff nothing
//! but their text. Lengths of strings remain visible through their sizes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::snapshot::SnapshotError;
use crate::snapshot::graph::Graph;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::parser;
use crate::snapshot::progress::{OnProgress, Reporter};
use crate::snapshot::reader::Input;
use crate::snapshot::scanner::Scanner;

/// What to replace beyond the text of strings.
#[derive(Clone, Copy, Default)]
pub struct Redaction<'a> {
    /// Replace property names which are used for a single edge: keys of dictionaries.
    pub property_names: bool,
    /// Told of progress; may stop the work.
    pub progress: Option<OnProgress<'a>>,
}

/// Reads the snapshot at `input` and writes it without its strings to `output`, by way of a temporary file beside it
/// that only its owner may read. Returns the bytes written.
pub fn redact(
    input: &Path,
    output: &Path,
    redaction: &Redaction<'_>,
) -> Result<u64, SnapshotError> {
    let reporter = Reporter {
        callback: redaction.progress,
        file: 0,
    };
    let (_, bytes) = Scanner::new(Input::open(input)?).rest(|_| Ok(()))?;
    let graph = parser::parse(Input::from_bytes(bytes.clone()), 1, reporter)?;
    let mut name = output.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = Path::new(&name);
    let written = create(temporary)
        .and_then(|file| {
            let mut out = BufWriter::with_capacity(1 << 20, file);
            let bytes = write(&graph, &bytes, redaction, &mut out)?;
            out.into_inner()
                .map_err(std::io::IntoInnerError::into_error)?
                .sync_all()?;
            Ok(bytes)
        })
        .and_then(|bytes| std::fs::rename(temporary, output).map(|()| bytes));
    written.map_err(|error| {
        // The reason of the failure is worth more than that of a failed clean-up.
        drop(std::fs::remove_file(temporary));
        SnapshotError::io(output, error)
    })
}

/// The same from bytes to bytes.
pub fn redact_bytes(bytes: Vec<u8>, redaction: &Redaction<'_>) -> Result<Vec<u8>, SnapshotError> {
    let graph = parser::parse(Input::from_bytes(bytes.clone()), 1, Reporter::default())?;
    let mut out = Vec::new();
    write(&graph, &bytes, redaction, &mut out).map_err(|error| SnapshotError::io("-", error))?;
    Ok(out)
}

fn create(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Everything up to the first string is copied; then string by string; then the rest.
fn write(
    graph: &Graph,
    bytes: &[u8],
    redaction: &Redaction<'_>,
    out: &mut impl Write,
) -> std::io::Result<u64> {
    let text = graph.strings.text();
    let base = bytes.len() - text.len();
    let uses = uses(graph, redaction);
    let mut total: u64 = 0;
    let mut emit = |piece: &[u8]| {
        total += piece.len() as u64;
        out.write_all(piece)
    };
    let mut copied = 0;
    for (index, used) in uses.iter().enumerate() {
        let raw = graph.raw_string(index as u32);
        let start = base + raw.as_ptr() as usize - text.as_ptr() as usize;
        let replacement = match used {
            Use::Name => weak_pair(raw),
            Use::Tag => Some(tag(raw)),
            Use::Value => Some(length_class("string", raw)),
            Use::Number => Some("number".into()),
            Use::Key => Some(length_class("key", raw)),
        };
        if let Some(replacement) = replacement {
            emit(&bytes[copied..start])?;
            emit(replacement.as_bytes())?;
            copied = start + raw.len();
        }
    }
    emit(&bytes[copied..])?;
    Ok(total)
}

/// What a string of the table is used for; the first that applies, top to bottom, decides.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Use {
    /// The text of strings alone, or nothing we know.
    Value,
    /// A number's.
    Number,
    /// A property's that occurs once.
    Key,
    /// An embedder object's.
    Tag,
    /// A constructor's, function's, property's, variable's; a script's URL.
    Name,
}

fn uses(graph: &Graph, redaction: &Redaction<'_>) -> Vec<Use> {
    let mut uses = vec![Use::Value; graph.strings.len()];
    let mut raise = |index: u32, to: Use| {
        if let Some(slot) = uses.get_mut(index as usize)
            && *slot < to
        {
            *slot = to;
        }
    };
    let mut seen = vec![
        0_u8;
        if redaction.property_names {
            graph.strings.len()
        } else {
            0
        }
    ];
    if redaction.property_names {
        for (index, &kind) in graph.edge_types.iter().enumerate() {
            if kind == EdgeType::Property as u8 {
                let slot = &mut seen[graph.edge_names[index] as usize];
                *slot = slot.saturating_add(1);
            }
        }
    }
    for node in 0..graph.node_count() as u32 {
        let name = graph.node_names[node as usize];
        let kind = graph.kind(node);
        match kind {
            NodeType::String | NodeType::ConsString | NodeType::SlicedString | NodeType::RegExp => {
            }
            NodeType::Number | NodeType::BigInt => raise(name, Use::Number),
            NodeType::Native => raise(name, Use::Tag),
            _ => raise(name, Use::Name),
        }
        for edge in graph.edges(node) {
            if edge.kind.is_indexed() {
                continue;
            }
            let is_key =
                edge.kind == EdgeType::Property && seen.get(edge.name as usize) == Some(&1);
            raise(edge.name, if is_key { Use::Key } else { Use::Name });
            // Scripts are told by their URLs, which are strings like any other.
            if kind == NodeType::Code && graph.raw_string(edge.name) == b"name" {
                raise(graph.node_names[edge.to as usize], Use::Name);
            }
        }
    }
    // What V8 itself calls strings without showing them.
    if let Some(slot) = uses.first_mut() {
        *slot = Use::Name;
    }
    uses
}

/// `‹string 16–31›`: powers of two, so that no length is exact.
fn length_class(what: &str, raw: &[u8]) -> String {
    let length = raw.len();
    if length == 0 {
        return String::new();
    }
    let from = 1_usize << length.ilog2();
    format!("<{what} {from}-{}>", 2 * from - 1)
}

/// `<div id="a" class="b">` keeps its tag.
fn tag(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    match text.find(' ') {
        Some(space) if text.starts_with('<') => format!("{}>", &text[..space]),
        Some(_) | None if text.contains("://") => length_class("url", raw),
        _ => text.into_owned(),
    }
}

/// `3 / part of key (secret @5) -> value (…)`: names give way to ids. `None` for other strings.
fn weak_pair(raw: &[u8]) -> Option<String> {
    if !raw.first()?.is_ascii_digit()
        || memchr::memmem::find(raw, b" pair in WeakMap (table @").is_none()
    {
        return None;
    }
    let text = String::from_utf8_lossy(raw);
    let (number, _) = text.split_once(' ')?;
    // From the end: names may contain anything, ids may not.
    let (rest, table) = text.rsplit_once(" pair in WeakMap (table @")?;
    let value = rest.rsplit_once('@')?.1;
    let key = rest.rsplit_once(" -> value (")?.0.rsplit_once('@')?.1;
    let is_id = |id: &str| {
        id.strip_suffix(')')
            .is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if !(is_id(value) && is_id(key) && is_id(table)) {
        return Some(length_class("pair", raw));
    }
    Some(format!(
        "{number} / part of key (key @{key} -> value (value @{value} pair in WeakMap (table @{table}"
    ))
}
