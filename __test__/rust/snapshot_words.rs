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
        let (mut heap, global) = HeapBuilder::with_global();
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

/// A global variable that holds an Array; what `each` makes is an element of it.
fn listed(
    variable: &str,
    count: usize,
    each: impl Fn(&mut HeapBuilder, usize) -> usize,
) -> HeapBuilder {
    let (mut heap, global) = HeapBuilder::with_global();
    let array = heap.node("object", "Array", 32);
    let elements = heap.node("array", "", 8 * count as u64);
    heap.edge(global, "property", variable, array)
        .edge(array, "internal", "elements", elements);
    for index in 0..count {
        let element = each(&mut heap, index);
        heap.edge(elements, "internal", &index.to_string(), element);
    }
    heap
}

#[test]
fn what_each_of_them_has_in_it_is_told() {
    // Events that nobody takes: Node keeps their arguments, whatever class they are of.
    let arguments = |with: usize| {
        move |count| {
            listed("events", count, |heap, index| {
                let array = heap.node("object", "Array", 400);
                if index % 10 < with {
                    let tick = heap.node("object", "Tick", 100);
                    heap.edge(array, "element", "0", tick)
                        .location(tick, 5, 3, 8);
                }
                array
            })
        }
    };
    let told = suspect(arguments(10), 100, 500).sentence;
    assert!(
        told.starts_with("400 more arrays, each with a Tick, are kept by the Array in .events"),
        "{told}"
    );
    let told = suspect(arguments(5), 100, 500).sentence;
    assert!(told.starts_with("400 more arrays are kept by"), "{told}");
}

#[test]
fn a_chain_through_arrays_is_told_by_its_class() {
    let list = |count: usize| {
        let (mut heap, global) = HeapBuilder::with_global();
        let (mut from, mut kind, mut name) = (global, "property", "timeline");
        for _ in 0..count {
            let node = heap.node("object", "SkipNode", 200);
            let forward = heap.node("object", "Array", 200);
            heap.edge(from, kind, name, node)
                .edge(node, "property", "forward", forward)
                .location(node, 5, 3, 8);
            (from, kind, name) = (forward, "element", "0");
        }
        heap
    };
    let suspect = suspect(list, 100, 500);
    assert_eq!(
        (suspect.kind, suspect.name.as_str()),
        (Kind::LinkedList, "SkipNode")
    );
    assert!(
        suspect.sentence.starts_with("A chain of SkipNode objects"),
        "{}",
        suspect.sentence
    );
}

#[test]
fn what_one_timer_holds_more_of_is_no_timer() {
    let timer = |count: usize| {
        let (mut heap, global) = HeapBuilder::with_global();
        let timer = heap.node("object", "Timeout", 80);
        heap.edge(global, "property", "timer", timer);
        for index in 0..count {
            let symbol = heap.node("symbol", "symbol", 400);
            heap.edge(timer, "internal", &index.to_string(), symbol);
        }
        heap
    };
    let suspect = suspect(timer, 100, 500);
    assert_ne!(suspect.kind, Kind::Timer, "{}", suspect.sentence);
    assert!(
        suspect
            .sentence
            .starts_with("400 more symbols are kept by the Timeout in .timer"),
        "{}",
        suspect.sentence
    );
}

#[test]
fn a_list_of_nodes_own_is_no_dictionary() {
    let port = |count: usize| {
        let (mut heap, global) = HeapBuilder::with_global();
        let port = heap.node("object", "MessagePort", 80);
        let native = heap.node("native", "Node / MessagePort", 80);
        let messages = heap.node("native", "Node / incoming_messages", 80);
        heap.edge(global, "property", "inbox", port)
            .edge(port, "internal", "javascript_to_native", native)
            .edge(native, "internal", "incoming_messages", messages);
        for index in 0..count {
            let message = heap.node("native", "Node / Message", 400);
            heap.edge(messages, "element", &index.to_string(), message);
        }
        heap
    };
    let suspect = suspect(port, 100, 500);
    assert_ne!(suspect.kind, Kind::Dictionary);
    assert_eq!(
        suspect.sentence,
        "400 more native Message objects are kept by Node's incoming_messages of the MessagePort in .inbox of global (+160 kB, 100 \
         % of the growth)."
    );
}

#[test]
fn objects_that_were_there_before_do_not_pass_for_new_by_their_size() {
    let jobs = |new: usize| {
        let (mut heap, global) = HeapBuilder::with_global();
        let lists = ["done", "doneById", "queue", "queueById"].map(|name| {
            let list = heap.node("object", "Array", 32);
            heap.edge(global, "property", name, list);
            list
        });
        for index in 0..400 + new {
            let (size, from) = if index < 400 {
                (100 + index, 0)
            } else {
                (50, 2)
            };
            let job = heap.node("object", "Job", size as u64);
            for list in &lists[from..from + 2] {
                heap.edge(*list, "element", &index.to_string(), job);
            }
        }
        heap
    };
    let suspect = suspect(jobs, 0, 200);
    let way: Vec<&str> = suspect.path.iter().map(|step| step.edge.as_str()).collect();
    assert!(way.contains(&"queue"), "{way:?}");
    assert_eq!(suspect.growth_bytes, 200 * 50);
}
