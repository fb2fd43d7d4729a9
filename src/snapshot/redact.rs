//! Snapshots without secrets: the same graph, other strings.
//!
//! Replaced by their length class (`<string 16-31>`): the text of every string object, script sources among them; regular
//! expressions; numbers, where the snapshot was written with numeric values; names of objects in pairs of WeakMaps;
//! attributes of DOM elements; the address of a page.
//!
//! Kept, because the analysis lives on it: names of constructors, functions, properties, variables and symbols, script
//! URLs, sizes, ids, and the graph. So an object used as a dictionary still shows its keys: if those are secret, ask for
//! [`Redaction::property_names`], which replaces the names of properties that occur once, and costs the diff nothing
//! but their text. Lengths of strings remain visible through their sizes.
//!
//! It is done while the text streams by ([`stage`]), so that a snapshot need never be on disk with its secrets.

mod replace;
pub mod stage;
mod uses;

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::snapshot::SnapshotError;
use crate::snapshot::progress::{OnProgress, Phase, Reporter};
use crate::snapshot::reader::Input;
use crate::snapshot::temporary::Temporary;
use stage::Redactor;

/// What to replace beyond the text of strings.
#[derive(Clone, Copy, Default)]
pub struct Redaction<'a> {
    /// Replace property names which are used for a single edge: keys of dictionaries.
    pub property_names: bool,
    /// Told of progress; may stop the work.
    pub progress: Option<OnProgress<'a>>,
}

/// Bytes between two looks at whether to go on.
const PIECE: usize = 1 << 20;

/// Reads the snapshot at `input` and writes it without its strings to `output`, which only its owner may read and which
/// has its name once it is whole. Returns the bytes written.
pub fn redact(
    input: &Path,
    output: &Path,
    redaction: &Redaction<'_>,
) -> Result<u64, SnapshotError> {
    let source = Input::open(input).map_err(|error| error.of(input))?;
    let refused = |error: crate::error::Error| {
        SnapshotError::io(output, std::io::Error::other(error.to_string()))
    };
    let mut temporary = Temporary::replacing(output).map_err(refused)?;
    let file = temporary.take_file().map_err(refused)?;
    let mut out = BufWriter::with_capacity(PIECE, file);
    let bytes = pass(source, redaction, &mut out, output).map_err(|error| error.of(input))?;
    let file = out
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .and_then(|file| file.sync_all().map(|()| file))
        .map_err(|error| SnapshotError::io(output, error))?;
    temporary.keep(&file, bytes).map_err(refused)?;
    Ok(bytes)
}

/// The same from bytes to bytes.
pub fn redact_bytes(bytes: &[u8], redaction: &Redaction<'_>) -> Result<Vec<u8>, SnapshotError> {
    let input = Input::from_bytes(bytes.to_vec());
    let mut out = Vec::new();
    pass(input, redaction, &mut out, Path::new("-")).map(|_| out)
}

fn pass(
    mut source: Input,
    redaction: &Redaction<'_>,
    out: &mut dyn Write,
    output: &Path,
) -> Result<u64, SnapshotError> {
    let reporter = Reporter {
        callback: redaction.progress,
        file: 0,
    };
    let length = source.length().unwrap_or(0);
    let mut redactor = Redactor::new(out, redaction.property_names, length);
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    loop {
        reporter.report(Phase::Parse, done, length as usize)?;
        let count = source.fill(&mut piece)?;
        if count == 0 {
            return redactor.finish().map(|(_, bytes)| bytes);
        }
        redactor
            .take(&piece[..count])
            .map_err(|error| match error {
                SnapshotError::Io { source, .. } => SnapshotError::io(output, source),
                other => other,
            })?;
        done += count;
    }
}
