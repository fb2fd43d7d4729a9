//! The stage between V8's text and the file: bytes in, bytes without secrets out, in one pass.
//!
//! V8 writes nodes and edges first and the strings last, each string once. So when a string comes, all that refers to it
//! has gone by, and what it is used for is known: one byte a string is all that is kept. What is not understood is
//! refused, and nothing of it reaches the file: text that is not known to be harmless may not be.

use std::io::{self, Write};

use crate::snapshot::SnapshotError;
use crate::snapshot::layout::{Layout, MAX_FIELDS};
use crate::snapshot::redact::replace;
use crate::snapshot::redact::uses::{Use, Uses};

/// No header has been larger than a few kilobytes.
const MAX_HEADER: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Up to the first node.
    Header,
    /// Within the numbers of nodes or edges.
    Nodes,
    Edges,
    /// After a section: a comma, the next key, or the end.
    Between,
    Key,
    /// After a key, before its value.
    Value,
    /// Within a section that holds numbers alone.
    Skip,
    /// Between strings.
    Strings,
    /// Within a string; `true` after a backslash.
    Text(bool),
    /// Nothing but white space may follow.
    End,
}

/// Takes a snapshot's text piece by piece and passes it on without its secrets.
pub struct Redactor<W> {
    to: W,
    state: State,
    /// Bytes taken.
    at: u64,
    /// No string has a number above this and the bytes taken: bounds what a hostile file can ask for.
    most_strings: u64,
    /// The header, a key or a string so far.
    text: Vec<u8>,
    layout: Option<Layout>,
    record: [u64; MAX_FIELDS],
    field: usize,
    digits: u32,
    depth: u32,
    has_edges: bool,
    has_strings: bool,
    uses: Uses,
    /// Which string it is.
    index: usize,
    /// Bytes of the string.
    length: usize,
    written: u64,
}

impl<W: Write> Redactor<W> {
    /// Passes on to `to`. `most_strings`: more strings than the whole text can have, or 0 for V8's own, which numbers them
    /// in order.
    pub fn new(to: W, property_names: bool, most_strings: u64) -> Self {
        Self {
            to,
            state: State::Header,
            at: 0,
            most_strings,
            text: Vec::new(),
            layout: None,
            record: [0; MAX_FIELDS],
            field: 0,
            digits: 0,
            depth: 0,
            has_edges: false,
            has_strings: false,
            uses: Uses::new(property_names),
            index: 0,
            length: 0,
            written: 0,
        }
    }

    /// The end: what it was passed on to, and the bytes that went there. Refuses a text that is not whole.
    pub fn finish(self) -> Result<(W, u64), SnapshotError> {
        if self.state == State::End {
            return Ok((self.to, self.written));
        }
        Err(SnapshotError::Truncated {
            at: self.at,
            expected: match self.state {
                State::Header => "the header".into(),
                _ => "the rest of the snapshot".into(),
            },
        })
    }

    /// What it was passed on to, whole or not.
    pub fn into_inner(self) -> W {
        self.to
    }

    /// Takes the next piece of the text.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), SnapshotError> {
        let mut at = 0;
        while at < piece.len() {
            let rest = &piece[at..];
            let used = match self.state {
                State::Header => self.header(rest)?,
                State::Nodes | State::Edges => self.numbers(rest)?,
                State::Text(_) => self.string(rest)?,
                _ => self.structure(rest)?,
            };
            at += used;
            self.at += used as u64;
        }
        Ok(())
    }

    fn emit(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.written += bytes.len() as u64;
        self.to
            .write_all(bytes)
            .map_err(|error| SnapshotError::io("-", error))
    }

    fn corrupt(&self, offset: usize, what: &str) -> SnapshotError {
        SnapshotError::corrupt(self.at + offset as u64, what)
    }

    fn header(&mut self, rest: &[u8]) -> Result<usize, SnapshotError> {
        const FIRST: &[u8] = b"\"snapshot\"";
        const NODES: &[u8] = b"\"nodes\":[";
        let before = self.text.len();
        let room = MAX_HEADER.saturating_sub(before).min(rest.len());
        self.text.extend_from_slice(&rest[..room]);
        let from = before.saturating_sub(NODES.len());
        let Some(found) = memchr::memmem::find(&self.text[from..], NODES) else {
            let start = self.text.trim_ascii_start();
            let is_ours = match start.strip_prefix(b"{") {
                Some(key) => key
                    .trim_ascii_start()
                    .iter()
                    .zip(FIRST)
                    .all(|(a, b)| a == b),
                None => start.is_empty(),
            };
            if !is_ours || room < rest.len() {
                return Err(SnapshotError::Foreign {
                    at: self.at,
                    what: "it does not begin with a snapshot's header".into(),
                });
            }
            return Ok(room);
        };
        let end = from + found;
        let used = end + NODES.len() - before;
        self.text.truncate(end + NODES.len());
        let text = std::mem::take(&mut self.text);
        self.layout = Some(layout(&text[..end])?);
        self.emit(&text)?;
        self.state = State::Nodes;
        Ok(used)
    }

    /// Numbers pass as they are; what they say of strings is noted.
    fn numbers(&mut self, rest: &[u8]) -> Result<usize, SnapshotError> {
        let Some(layout) = &self.layout else {
            return Err(self.corrupt(0, "numbers before the header"));
        };
        let is_nodes = self.state == State::Nodes;
        let fields = if is_nodes {
            layout.node_fields
        } else {
            layout.edge_fields
        };
        let mut used = rest.len();
        for (offset, &byte) in rest.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    let number = &mut self.record[self.field];
                    *number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
                    self.digits += 1;
                }
                b',' | b']' => {
                    if self.digits > 0 {
                        self.field += 1;
                        self.digits = 0;
                    }
                    if self.field == fields {
                        // A text cannot have more strings than bytes.
                        let most = self.at + offset as u64 + self.most_strings;
                        let noted = if is_nodes {
                            self.uses.note_node(layout, &self.record, most)
                        } else {
                            self.uses.note_edge(layout, &self.record, most)
                        };
                        if !noted {
                            let what = "a name's number is far beyond the strings";
                            return Err(self.corrupt(offset, what));
                        }
                        self.field = 0;
                        self.record = [0; MAX_FIELDS];
                    }
                    if byte == b']' {
                        self.has_edges |= !is_nodes;
                        self.state = State::Between;
                        used = offset + 1;
                        break;
                    }
                }
                b'\n' | b'\r' | b' ' | b'\t' => {}
                _ => return Err(self.corrupt(offset, "no number")),
            }
        }
        if self.state == State::Between && self.field > 0 {
            return Err(self.corrupt(used, "the last record is not whole"));
        }
        self.emit(&rest[..used])?;
        Ok(used)
    }

    /// Commas, keys and brackets between the sections, and sections that are no concern of ours.
    fn structure(&mut self, rest: &[u8]) -> Result<usize, SnapshotError> {
        let mut used = 0;
        while used < rest.len() {
            let byte = rest[used];
            used += 1;
            let is_space = byte.is_ascii_whitespace();
            self.state = match (self.state, byte) {
                (State::Key, b'"') => State::Value,
                (State::Key, _) if self.text.len() < 100 => {
                    self.text.push(byte);
                    State::Key
                }
                (state, _) if is_space => state,
                (State::Between, b',') => State::Between,
                (State::Between, b'"') => {
                    self.text.clear();
                    State::Key
                }
                (State::Between, b'}') if self.has_strings => State::End,
                (State::Value, b':') => State::Value,
                (State::Value, b'[') if self.text == b"edges" => State::Edges,
                (State::Value, b'[') if self.text == b"strings" && self.has_edges => {
                    self.has_strings = true;
                    State::Strings
                }
                (State::Value, b'[') if self.text != b"strings" => {
                    self.depth = 1;
                    State::Skip
                }
                (State::Skip, b'[') => {
                    self.depth += 1;
                    State::Skip
                }
                (State::Skip, b']') => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        State::Between
                    } else {
                        State::Skip
                    }
                }
                // Numbers alone: a text here could be anything.
                (State::Skip, b'0'..=b'9' | b',' | b'-' | b'.') => State::Skip,
                (State::Strings, b',') => State::Strings,
                (State::Strings, b'"') => {
                    self.text.clear();
                    self.length = 0;
                    State::Text(false)
                }
                (State::Strings, b']') => State::Between,
                _ => {
                    return Err(
                        self.corrupt(used - 1, "the order of a snapshot's sections is not V8's")
                    );
                }
            };
            if matches!(self.state, State::Text(_) | State::Edges) {
                break;
            }
        }
        self.emit(&rest[..used])?;
        Ok(used)
    }

    fn string(&mut self, rest: &[u8]) -> Result<usize, SnapshotError> {
        let mut offset = 0;
        if self.state == State::Text(true) {
            offset = 1;
            self.state = State::Text(false);
        }
        let mut end = None;
        while let Some(found) = memchr::memchr2(b'"', b'\\', &rest[offset..]) {
            let at = offset + found;
            if rest[at] == b'"' {
                end = Some(at);
                break;
            }
            offset = at + 2;
            if offset > rest.len() {
                self.state = State::Text(true);
                break;
            }
        }
        let text = &rest[..end.unwrap_or(rest.len())];
        self.length += text.len();
        let used = self.uses.of(self.index);
        if matches!(used, Use::Tag | Use::Name) {
            self.text.extend_from_slice(text);
        }
        let Some(end) = end else {
            return Ok(rest.len());
        };
        let text = std::mem::take(&mut self.text);
        let replacement = match used {
            Use::Name => replace::name(&text),
            Use::Tag => replace::tag(&text),
            Use::Value => Some(replace::length_class("string", self.length)),
            Use::Number => Some("number".into()),
            Use::Key => Some(replace::length_class("key", self.length)),
        };
        match replacement {
            Some(replacement) => self.emit(replacement.as_bytes())?,
            None => self.emit(&text)?,
        }
        self.emit(b"\"")?;
        self.text = text;
        self.index += 1;
        self.state = State::Strings;
        Ok(end + 1)
    }
}

impl<W: Write> Write for Redactor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes)
            .map(|()| bytes.len())
            .map_err(|error| match error {
                SnapshotError::Io { source, .. } => source,
                other => io::Error::new(io::ErrorKind::InvalidData, other),
            })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The layout from the text before the nodes: `{"snapshot":{…},`.
fn layout(text: &[u8]) -> Result<Layout, SnapshotError> {
    let foreign = || SnapshotError::Foreign {
        at: 0,
        what: "it does not begin with the key \"snapshot\"".into(),
    };
    let after = |text: &'_ [u8], what: &[u8]| -> Option<usize> {
        let trimmed = text.trim_ascii_start();
        trimmed
            .starts_with(what)
            .then(|| text.len() - trimmed.len() + what.len())
    };
    let mut at = 0;
    for what in [b"{".as_slice(), b"\"snapshot\"", b":"] {
        at += after(&text[at..], what).ok_or_else(foreign)?;
    }
    let body = text[at..].trim_ascii();
    let body = body.strip_suffix(b",").unwrap_or(body);
    Layout::parse(body, at as u64)
}
