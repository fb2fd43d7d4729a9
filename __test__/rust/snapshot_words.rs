//! How suspects are told, on small heaps: what they are called, where to look, and beside what V8 drops.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod heap_builder;

use std::path::PathBuf;

use heap_builder::HeapBuilder;
use leakwatch::snapshot::diff::{DiffOptions, diff_heaps};
use leakwatch::snapshot::heap::Heap;
use leakwatch::snapshot::leak_kind::Kind;
use leakwatch::snapshot::suspect::Suspect;

/// What is suspected most where `heap` makes one with few and one with many.
fn suspect(heap: impl Fn(usize) -> HeapBuilder, few: usize, many: usize) -> Suspect {
    let heaps = [few, many].map(|count| Heap::from_bytes(heap(count).bytes()).unwrap());
    let paths = ["first", "last"].map(PathBuf::from);
    let diff = diff_heaps(&paths, &heaps, &DiffOptions::default()).unwrap();
    diff.suspects.into_iter().next().unwrap()
}

#[test]
fn a_function_bound_a_hundred_thousand_times_has_a_short_name() {
    let bound = |links: usize| {
        let mut heap = HeapBuilder::new();
        let global = heap.node("object", "global", 40);
        heap.edge(0, "shortcut", "1", global);
        let (mut from, mut kind, mut name) = (global, "property", "handler");
        for _ in 0..links {
            let closure = heap.node("closure", "native_bind", 64);
            heap.edge(from, kind, name, closure);
            (from, kind, name) = (closure, "internal", "bound_function");
        }
        heap
    };
    let suspect = suspect(bound, 50, 100_000);
    assert_eq!(suspect.kind, Kind::LinkedList);
    assert_eq!(suspect.name, "bound bound …()");
}

/// A variable of a scope that a timer's function sees, and an Array of plain objects in it.
/// The scope is that of a function of this name, around which there is nothing but the program's globals.
fn orders(source: &str, scope_of: &str, count: usize) -> HeapBuilder {
    let mut heap = HeapBuilder::new();
    let [global, native] = [
        heap.node("object", "global", 40),
        heap.node("hidden", "system / NativeContext", 40),
    ];
    let tick = heap.node("closure", "tick", 64);
    let scope = heap.node("object", "system / Context", 48);
    let info = heap.node("code", "system / ScopeInfo", 48);
    let name = heap.node("string", scope_of, 16);
    let shared = heap.node("code", "tick", 32);
    let script = heap.node("code", "/app/orders.js", 32);
    let url = heap.node("string", "/app/orders.js", 32);
    let text = heap.node("string", source, 32);
    let array = heap.node("object", "Array", 32);
    let elements = heap.node("array", "", 8 * count as u64);
    heap.edge(0, "shortcut", "1", global)
        .edge(global, "property", "tick", tick)
        .edge(tick, "internal", "context", scope)
        .edge(tick, "internal", "shared", shared)
        .edge(shared, "internal", "script", script)
        .edge(script, "internal", "name", url)
        .edge(script, "internal", "source", text)
        .edge(scope, "internal", "previous", native)
        .edge(scope, "internal", "scope_info", info)
        .edge(info, "hidden", "1", name)
        .edge(scope, "context", "records", array)
        .edge(array, "internal", "elements", elements)
        .location(tick, 5, 7, 13);
    for index in 0..count {
        let order = heap.node("object", "Object", 400);
        heap.edge(elements, "internal", &index.to_string(), order);
    }
    heap
}

#[test]
fn what_has_no_function_of_its_own_is_told_by_the_declaration_of_the_module() {
    let place = |source: &str, scope_of: &str| {
        let suspect = suspect(|count| orders(source, scope_of, count), 100, 500);
        let place = suspect.location.unwrap();
        (place.line, place.column)
    };
    let declared = "'use strict';\n\nconst records = [];\n\nsetInterval(";
    for scope_of in ["", "Object.<anonymous>"] {
        assert_eq!(place(declared, scope_of), (3, 7), "{scope_of}");
    }
    // The scope of a function, whose argument may be called the same, or a text that was cut before the declaration.
    let function = (8, 14);
    assert_eq!(place(declared, "start"), function);
    assert_eq!(place("'use strict';\n\nconst rec", ""), function);
    assert_eq!(place("f();\n  const records = [];\n", ""), function);
}

#[test]
fn a_small_leak_is_found_where_v8_drops_more_code_than_it_weighs() {
    const MODULES: usize = 20;
    let heap = |entries: usize| {
        let mut heap = HeapBuilder::new();
        let map = heap.node("object", "Map", 32);
        let table = heap.node("array", "", 64 * entries as u64);
        heap.edge(map, "internal", "table", table);
        for index in 0..entries {
            let session = heap.node("object", "Session", 1000);
            heap.edge(table, "internal", &index.to_string(), session);
        }
        for index in 0..MODULES {
            let scope = heap.node("object", "system / Context", 48);
            let code = heap.node("code", "compiled", 1_000_000 / entries as u64);
            heap.edge(0, "element", &index.to_string(), scope)
                .edge(scope, "internal", "code", code);
            if index == 0 {
                heap.edge(scope, "context", "sessions", map);
            }
        }
        heap
    };
    let suspect = suspect(heap, 100, 160);
    assert_eq!(
        (suspect.kind, suspect.name.as_str()),
        (Kind::Map, "Session")
    );
    assert_eq!((suspect.count_before, suspect.count_after), (100, 160));
}
