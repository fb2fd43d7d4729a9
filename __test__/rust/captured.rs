//! Captures of small heaps whose leak is known: what they say beside a comparison of the files, and what is refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod heap_builder;

use std::path::PathBuf;

use heap_builder::HeapBuilder;
use leakwatch::captured::{self, Captured, MAX_BYTES, Options};
use leakwatch::report::diff_value;
use leakwatch::snapshot::diff::{DiffOptions, diff_heaps};
use leakwatch::snapshot::heap::Heap;
use serde_json::Value;

/// A Map of sessions in the variable of a handler, a chain of scopes, and a thousand classes that stay.
fn heap(entries: usize, links: usize, first_id: u64) -> Heap {
    let mut heap = HeapBuilder::starting_at(first_id);
    let global = heap.sessions(entries);
    heap.scopes(global, links);
    for index in 0..1000 {
        let kept = heap.node("object", &format!("Stays{index}"), 100);
        heap.edge(global, "property", &format!("stays{index}"), kept);
    }
    Heap::from_bytes(heap.bytes()).unwrap()
}

fn capture(heap: &Heap, earlier: &[Captured]) -> Vec<u8> {
    let bytes = captured::of(heap, earlier, &Options::default()).unwrap();
    assert!(bytes.len() <= MAX_BYTES);
    bytes
}

fn read(bytes: &[u8]) -> Captured {
    Captured::decode(bytes).unwrap()
}

/// What matters of a suspect.
fn gist(diff: &Value) -> Vec<Value> {
    let suspects = diff["suspects"].as_array().unwrap();
    let fields = [
        "name",
        "kind",
        "holder",
        "countBefore",
        "countAfter",
        "growthBytes",
        "path",
        "location",
        "fingerprint",
        "sentence",
    ];
    suspects
        .iter()
        .map(|suspect| fields.iter().map(|&name| suspect[name].clone()).collect())
        .collect()
}

#[test]
fn with_the_last_heap_at_hand_suspects_are_those_of_the_files() {
    for sizes in [
        [(300, 10), (600, 10), (900, 10)],
        [(300, 50), (300, 150), (300, 4000)],
    ] {
        let heaps: Vec<Heap> = sizes
            .iter()
            .zip(0..)
            .map(|(&(entries, links), nth)| heap(entries, links, nth * 10_000_000))
            .collect();
        let paths: Vec<PathBuf> = (0..3).map(|nth| PathBuf::from(nth.to_string())).collect();
        let expected = diff_value(&diff_heaps(&paths, &heaps, &DiffOptions::default()).unwrap());
        assert_eq!(expected["sameProcess"], false);
        let earlier = [
            read(&capture(&heaps[0], &[])),
            read(&capture(&heaps[1], &[])),
        ];
        let last = read(&capture(&heaps[2], &earlier));
        let diff = &last.header()["diff"];
        assert_eq!(gist(diff), gist(&expected));
        assert_eq!(gist(diff).len(), 1);
        assert_eq!(diff["growthBytes"], expected["growthBytes"]);
        assert_eq!(diff["classes"], expected["classes"]);
        // And `compare` gives back what was found when it was made.
        let [first, second] = earlier;
        let again = captured::compare(&[first, second, last], &Options::default()).unwrap();
        assert_eq!(gist(&again), gist(&expected));
    }
}

#[test]
fn without_any_graph_they_are_named_all_the_same() {
    for (sizes, kind, name) in [
        ([(300, 10), (600, 10), (900, 10)], "map", "Session"),
        (
            [(300, 50), (300, 150), (300, 4000)],
            "closure-chain",
            "patched()",
        ),
    ] {
        let heaps = sizes.map(|(entries, links)| heap(entries, links, 0));
        let paths: Vec<PathBuf> = (0..3).map(|nth| PathBuf::from(nth.to_string())).collect();
        let expected = diff_value(&diff_heaps(&paths, &heaps, &DiffOptions::default()).unwrap());
        let captures = heaps.map(|heap| read(&capture(&heap, &[])));
        let diff = captured::compare(&captures, &Options::default()).unwrap();
        let suspect = &diff["suspects"][0];
        assert_eq!(
            (&suspect["kind"], &suspect["name"]),
            (&kind.into(), &name.into()),
            "{diff:#}"
        );
        for field in [
            "countBefore",
            "countAfter",
            "signature",
            "location",
            "fingerprint",
            "holder",
        ] {
            assert_eq!(suspect[field], expected["suspects"][0][field], "{field}");
        }
        assert_eq!(diff["suspects"].as_array().unwrap().len(), 1, "{diff:#}");
        let (bytes, expected_bytes) = (
            &suspect["growthBytes"],
            &expected["suspects"][0]["growthBytes"],
        );
        let (bytes, expected_bytes) = (bytes.as_f64().unwrap(), expected_bytes.as_f64().unwrap());
        assert!(
            (bytes / expected_bytes - 1.0).abs() < 0.1,
            "{bytes} {expected_bytes}"
        );
    }
}

/// As functions that await each other: a chain, at whose last link the program keeps what leaks.
fn below_a_chain(links: usize, entries: usize) -> Heap {
    let mut heap = HeapBuilder::new();
    let mut from = heap.node("object", "global", 40);
    heap.edge(0, "shortcut", "1", from);
    for _ in 0..links {
        let promise = heap.node("object", "Promise", 64);
        let scope = heap.node("object", "system / Context", 936);
        heap.edge(from, "internal", "reactions_or_result", promise)
            .edge(promise, "internal", "context", scope);
        from = scope;
    }
    let map = heap.node("object", "Map", 32);
    let table = heap.node("array", "", 64 * entries as u64);
    heap.edge(from, "context", "subjects", map)
        .edge(map, "internal", "table", table);
    for index in 0..entries {
        let subject = heap.node("object", "Subject", 1000);
        heap.edge(table, "internal", &index.to_string(), subject);
    }
    Heap::from_bytes(heap.bytes()).unwrap()
}

#[test]
fn what_hangs_below_a_chain_is_known_of_earlier_captures() {
    for links in [2, 3, 7, 30] {
        let heaps = [below_a_chain(links, 1000), below_a_chain(links, 3000)];
        let paths: Vec<PathBuf> = (0..2).map(|nth| PathBuf::from(nth.to_string())).collect();
        let options = DiffOptions {
            same_process: Some(false),
            ..DiffOptions::default()
        };
        let files = diff_value(&diff_heaps(&paths, &heaps, &options).unwrap());
        let [first, last] = heaps;
        let earlier = [read(&capture(&first, &[]))];
        let exact = read(&capture(&last, &earlier)).header()["diff"].clone();
        let [earlier] = earlier;
        let pair = [earlier, read(&capture(&last, &[]))];
        let by_shape = captured::compare(&pair, &Options::default()).unwrap();
        assert_eq!(gist(&exact), gist(&files), "{links}");
        for diff in [exact, by_shape] {
            let suspect = &diff["suspects"][0];
            assert_eq!(suspect["name"], "Subject", "{links}: {diff:#}");
            assert_eq!(
                (&suspect["countBefore"], &suspect["countAfter"]),
                (&1000.into(), &3000.into()),
                "{links}: {diff:#}"
            );
        }
    }
}

#[test]
fn what_stays_is_no_suspect() {
    let [first, second] = [heap(300, 50, 0), heap(300, 50, 0)];
    let earlier = [read(&capture(&first, &[]))];
    let last = read(&capture(&second, &earlier));
    assert_eq!(last.header()["diff"]["suspects"], Value::Array(Vec::new()));
    assert_eq!(last.header()["diff"]["classes"], Value::Array(Vec::new()));
    let alone = read(&capture(&second, &[]));
    let [earlier] = earlier;
    let diff = captured::compare(&[earlier, alone], &Options::default()).unwrap();
    assert_eq!(diff["suspects"], Value::Array(Vec::new()));
}

#[test]
fn a_heap_of_long_names_is_cut_to_the_bound() {
    let mut heap = HeapBuilder::new();
    let mut state: u64 = 1;
    for _ in 0..3000 {
        // Nothing that could be compressed.
        let name: String = (0..120)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                format!("{:08x}", state >> 32)
            })
            .collect();
        let kept = heap.node("object", &name, 2000);
        heap.edge(0, "property", &name, kept);
    }
    let bytes = capture(&Heap::from_bytes(heap.bytes()).unwrap(), &[]);
    assert!(read(&bytes).header()["summary"]["classCount"].as_u64() >= Some(3000));
}

#[test]
fn what_is_no_capture_is_refused() {
    let bytes = capture(&heap(50, 10, 0), &[]);
    for length in (0..bytes.len()).step_by(37) {
        assert!(Captured::decode(&bytes[..length]).is_err(), "{length}");
    }
    for at in (0..bytes.len()).step_by(11) {
        let mut bad = bytes.clone();
        bad[at] ^= 0x55;
        assert!(Captured::decode(&bad).is_err(), "{at}");
    }
    let mut longer = bytes;
    longer.resize(MAX_BYTES + 1, 0);
    assert!(Captured::decode(&longer).is_err());
    assert!(captured::compare(&[], &Options::default()).is_err());
}
