//! V8's own snapshot, built and serialised to nowhere, timed inside the process.
//!
//! This is the least that any inline snapshot can cost: no file, no thread, no
//! JavaScript strings. The inspector would count a string per chunk as well.

use leakwatch::v8::isolate::CurrentIsolate;
use napi_derive::napi;
use std::time::Instant;

/// Milliseconds of one snapshot, and what it came to.
#[napi(object)]
pub struct Reference {
    /// The tables of line ends, which up to Node 20 have to be asked for.
    pub line_ends_ms: f64,
    /// `TakeHeapSnapshot`.
    pub build_ms: f64,
    /// `Serialize`, every chunk dropped.
    pub serialize_ms: f64,
    /// `Delete`, which whoever takes a snapshot has to pay.
    pub delete_ms: f64,
    /// `ClearObjectIds`, which leaves no snapshot tax behind.
    pub clear_ms: f64,
    /// Nodes of the graph.
    pub nodes: f64,
    /// Bytes that a file would have had.
    pub bytes: f64,
}

/// Takes a snapshot of this isolate and keeps nothing of it.
#[napi]
pub fn reference() -> napi::Result<Reference> {
    let isolate = CurrentIsolate::get().ok_or_else(|| failed("V8 cannot be asked here"))?;
    let mut clock = Instant::now();
    let mut lap = || {
        let ms = clock.elapsed().as_secs_f64() * 1000.0;
        clock = Instant::now();
        ms
    };
    isolate.build_line_ends();
    let line_ends_ms = lap();
    let snapshot = isolate
        .take_heap_snapshot(false, &mut |_, _| true)
        .map_err(|error| failed(&format!("{error:?}")))?;
    let build_ms = lap();
    let mut bytes = 0;
    snapshot.serialize(&mut |chunk| {
        bytes += chunk.len();
        true
    });
    let serialize_ms = lap();
    let nodes = snapshot.nodes_count();
    drop(snapshot);
    let delete_ms = lap();
    isolate.clear_object_ids();
    Ok(Reference {
        line_ends_ms,
        build_ms,
        serialize_ms,
        delete_ms,
        clear_ms: lap(),
        nodes: nodes as f64,
        bytes: bytes as f64,
    })
}

fn failed(why: &str) -> napi::Error {
    napi::Error::from_reason(why.to_owned())
}
