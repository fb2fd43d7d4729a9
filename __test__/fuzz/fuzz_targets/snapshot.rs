//! Any bytes: an error or a heap whose numbers agree with one another, never a panic or a hang.
//!
//! `cargo +nightly fuzz run --fuzz-dir __test__/fuzz snapshot`

#![no_main]

use std::path::PathBuf;

use leakwatch::report;
use leakwatch::snapshot::diff::{DiffOptions, diff_heaps};
use leakwatch::snapshot::heap::Heap;
use leakwatch::snapshot::redact::{Redaction, redact_bytes};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(heap) = Heap::from_bytes(data.to_vec()) else { return };
    assert_eq!(heap.dominators.retained_size(0), heap.total_size());
    let total = heap.total_size();
    let Ok(again) = Heap::from_bytes(data.to_vec()) else { panic!("read once, refused once") };
    let options = DiffOptions { source_maps: false, min_growth_bytes: Some(0), ..DiffOptions::default() };
    let paths = [PathBuf::from("a"), PathBuf::from("b")];
    if let Ok(diff) = diff_heaps(&paths, &[heap, again], &options) {
        assert!(diff.suspects.is_empty(), "nothing grows between a file and itself");
        let model = report::Model { diff: Some(diff), ..report::Model::default() };
        let _ = (report::text(&model, report::TextStyle::default()), report::json(&model));
    }
    // Stricter than the parser: what it does not know it does not let through.
    if let Ok(redacted) = redact_bytes(data, &Redaction { property_names: true, progress: None }) {
        let Ok(heap) = Heap::from_bytes(redacted) else { panic!("redacted into what cannot be read") };
        assert_eq!(heap.total_size(), total);
    }
});
