//! Growth to suspects on small heaps whose leak is known.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod heap_builder;

use std::path::PathBuf;

use heap_builder::HeapBuilder;
use leakwatch::snapshot::diff::{Diff, DiffOptions, diff_heaps};
use leakwatch::snapshot::heap::Heap;
use leakwatch::snapshot::leak_kind::Kind;

/// A global with a Map in a closure's variable; the Map holds `entries` sessions of 1000 bytes.
fn map_heap(entries: usize, first_id: u64) -> HeapBuilder {
    let mut heap = HeapBuilder::new();
    let mut id = first_id;
    let mut node = |heap: &mut HeapBuilder, kind: &str, name: &str, size: u64| {
        id += 2;
        heap.node_with_id(kind, name, size, id)
    };
    let global = node(&mut heap, "object", "global", 40);
    let handler = node(&mut heap, "closure", "handler", 64);
    let scope = node(&mut heap, "object", "system / Context", 48);
    let map = node(&mut heap, "object", "Map", 32);
    let table = node(&mut heap, "array", "", 64 * entries as u64);
    heap.edge(0, "shortcut", "1", global)
        .edge(global, "property", "onRequest", handler)
        .edge(handler, "internal", "context", scope)
        .edge(scope, "context", "sessions", map)
        .edge(map, "internal", "table", table)
        .location(handler, 5, 9, 4);
    for index in 0..entries {
        let session = node(&mut heap, "object", "Session", 1000);
        heap.edge(table, "internal", &index.to_string(), session)
            .location(session, 5, 2, 7);
    }
    let shared = node(&mut heap, "code", "handler", 32);
    let script = node(&mut heap, "code", "/app/server.js", 32);
    let url = node(&mut heap, "string", "/app/server.js", 32);
    heap.edge(handler, "internal", "shared", shared)
        .edge(shared, "internal", "script", script)
        .edge(script, "internal", "name", url);
    heap
}

/// A variable that holds a chain of scopes and closures.
fn chain_heap(links: usize) -> HeapBuilder {
    let mut heap = HeapBuilder::new();
    let global = heap.node("object", "global", 40);
    heap.edge(0, "shortcut", "1", global);
    let mut from = global;
    for index in 0..links {
        let closure = heap.node("closure", "patched", 64);
        let scope = heap.node("object", "system / Context", 936);
        let (kind, name) = if index == 0 {
            ("property", "error")
        } else {
            ("context", "previous")
        };
        heap.edge(from, kind, name, closure)
            .edge(closure, "internal", "context", scope);
        from = scope;
    }
    heap
}

fn compare(builders: &[HeapBuilder]) -> Diff {
    let heaps: Vec<Heap> = builders
        .iter()
        .map(|builder| Heap::from_bytes(builder.bytes()).unwrap())
        .collect();
    let paths: Vec<PathBuf> = (0..heaps.len())
        .map(|index| PathBuf::from(format!("{index}.heapsnapshot")))
        .collect();
    diff_heaps(&paths, &heaps, &DiffOptions::default()).unwrap()
}

#[test]
fn a_map_that_grows_is_named_with_its_variable_and_its_class() {
    let diff = compare(&[map_heap(100, 0), map_heap(300, 0), map_heap(500, 0)]);
    let [suspect] = diff.suspects.as_slice() else {
        panic!("{:#?}", diff.suspects)
    };
    assert_eq!(
        (suspect.kind, suspect.name.as_str()),
        (Kind::Map, "Session")
    );
    assert_eq!((suspect.count_before, suspect.count_after), (100, 500));
    assert_eq!(
        suspect.sentence,
        "400 more Session objects are kept by the Map in the variable sessions (+426 kB, 100 % of the growth); see /app/server.js:3:8."
    );
    assert_eq!(
        suspect.signature,
        "map: sessions › Map › table › (array) › [] › Session"
    );
}

#[test]
fn ids_need_not_be_common_and_the_fingerprint_stays() {
    let same = compare(&[map_heap(100, 0), map_heap(500, 0)]);
    let other = compare(&[map_heap(100, 0), map_heap(500, 1_000_001)]);
    assert!(same.same_process && !other.same_process);
    assert_eq!(same.suspects[0].fingerprint, other.suspects[0].fingerprint);
    assert_eq!(other.suspects[0].count_after, 500);
    let sessions = other
        .classes
        .iter()
        .find(|class| class.name == "Session")
        .unwrap();
    assert_eq!(
        (sessions.count_before, sessions.count_after, sessions.new),
        (100, 500, None)
    );
}

#[test]
fn what_does_not_grow_in_every_step_is_no_suspect() {
    assert!(
        compare(&[map_heap(300, 0), map_heap(300, 0)])
            .suspects
            .is_empty()
    );
    assert!(
        compare(&[map_heap(500, 0), map_heap(100, 0)])
            .suspects
            .is_empty()
    );
}

#[test]
fn a_chain_of_closures_is_one_line() {
    let diff = compare(&[chain_heap(50), chain_heap(150), chain_heap(12_480)]);
    let suspect = &diff.suspects[0];
    assert_eq!(suspect.kind, Kind::ClosureChain);
    assert!(suspect.path.len() < 12, "{:#?}", suspect.path);
    let folded: Vec<_> = suspect
        .path
        .iter()
        .filter(|step| step.repeats > 1)
        .collect();
    assert_eq!(folded.len(), 2);
    assert!(folded[0].repeats > 12_400, "{}", folded[0].repeats);
}

#[test]
fn new_and_deleted_objects_are_told_by_id() {
    let diff = compare(&[map_heap(100, 0), map_heap(500, 0)]);
    let sessions = diff
        .classes
        .iter()
        .find(|class| class.name == "Session")
        .unwrap();
    // The nodes after the sessions took ids of sessions in the second heap; by id alone 397 of 400 are new.
    assert_eq!(sessions.new, Some((397, 397_000)));
    assert_eq!(sessions.deleted, Some((0, 0)));
}

/// As vm.compileFunction's callbacks on Node 16: only a handle of Node's keeps them, which the file does not show.
#[test]
fn what_nothing_visible_holds_is_told_all_the_same() {
    let heap = |count: usize| {
        let mut heap = HeapBuilder::new();
        let global = heap.node("object", "global", 40);
        heap.edge(0, "shortcut", "1", global);
        for _ in 0..count {
            let orphan = heap.node("object", "Entry", 100);
            heap.edge(global, "weak", "entry", orphan);
        }
        heap
    };
    let diff = compare(&[heap(10), heap(500)]);
    let [suspect] = diff.suspects.as_slice() else {
        panic!("{:#?}", diff.suspects)
    };
    assert_eq!(suspect.name, "Entry");
    assert!(
        suspect.sentence.contains("handles outside the heap"),
        "{}",
        suspect.sentence
    );
}
