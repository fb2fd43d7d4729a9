//! What a copy of the process does. Nothing in here may take a lock of the service's.

use crate::v8::fork::{self, Exit, Phase, Progress};
use crate::v8::isolate::CurrentIsolate;
use std::io::{PipeWriter, Write};

/// The copy's whole work. Nothing in here may take a lock of the service's.
pub(super) fn copy(
    isolate: CurrentIsolate,
    numeric_values: bool,
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
    let whole = snapshot.serialize(&mut |chunk| {
        fork::live();
        pipe.write_all(chunk).is_ok()
    });
    // The process ends; taking millions of nodes apart would be for nothing.
    std::mem::forget(snapshot);
    if whole { Exit::Done } else { Exit::Unheard }
}
