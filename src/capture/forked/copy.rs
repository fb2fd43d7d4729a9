//! What a copy of the process does. Nothing in here may take a lock of the service's.

use crate::capture::analysis::{Analysis, Pieces};
use crate::v8::fork::{self, Exit, Phase, Progress};
use crate::v8::isolate::CurrentIsolate;
use std::io::{PipeWriter, Write};

/// The copy's whole work. Nothing in here may take a lock of the service's.
pub(super) fn copy(
    isolate: CurrentIsolate,
    numeric_values: bool,
    analysis: Option<&Analysis>,
    in_gc: bool,
    pipe: &mut PipeWriter,
    progress: &Progress,
) -> Exit {
    if !in_gc {
        isolate.build_line_ends();
    }
    let taken = isolate.take_heap_snapshot(numeric_values, &mut |done, total| {
        progress.build(done, total);
        fork::live();
        true
    });
    let Ok(snapshot) = taken else {
        return Exit::NoSnapshot;
    };
    progress.set_nodes(snapshot.nodes_count());
    progress.enter(Phase::Write);
    let mut pieces = Pieces::default();
    let whole = snapshot.serialize(&mut |chunk| {
        fork::live();
        if analysis.is_some() {
            pieces.push(chunk);
            return true;
        }
        pipe.write_all(chunk).is_ok()
    });
    // The process ends; taking millions of nodes apart would be for nothing.
    std::mem::forget(snapshot);
    let whole = match analysis {
        Some(analysis) if whole => {
            progress.enter(Phase::Analyse);
            tell(analysis, pieces, pipe)
        }
        _ => whole,
    };
    if whole { Exit::Done } else { Exit::Unheard }
}

/// What goes through the pipe before a capture, and before the reason why there is none.
pub(super) const CAPTURE: u8 = b'+';
const FAILURE: u8 = b'-';

fn tell(analysis: &Analysis, pieces: Pieces, pipe: &mut PipeWriter) -> bool {
    let go_on = |_| {
        fork::live();
        true
    };
    let (tag, text) = match analysis.run(pieces.into_input(), &go_on) {
        Ok(bytes) => (CAPTURE, bytes),
        Err(error) => (FAILURE, error.to_string().into_bytes()),
    };
    pipe.write_all(&[tag]).is_ok() && pipe.write_all(&text).is_ok()
}
