//! The parser on whole, truncated, damaged, hostile and foreign files.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod heap_builder;

use heap_builder::{HeapBuilder, META};
use leakwatch::snapshot::SnapshotError;
use leakwatch::snapshot::graph::Location;
use leakwatch::snapshot::heap::Heap;
use leakwatch::snapshot::kind::{EdgeType, NodeType};
use proptest::prelude::*;

fn small_heap() -> HeapBuilder {
    let (mut heap, global) = HeapBuilder::with_global();
    let map = heap.node("object", "Map \"quoted\" é", 32);
    let table = heap.node("array", "", 5_000_000_000);
    let closure = heap.node("closure", "handler", 64);
    heap.edge(global, "property", "cache", map)
        .edge(map, "internal", "table", table)
        .edge(table, "element", "12345678", closure)
        .location(closure, 7, 2, 31);
    heap
}

fn error_of(bytes: Vec<u8>) -> SnapshotError {
    match Heap::from_bytes(bytes) {
        Err(error) => error,
        Ok(_) => panic!("an error was expected"),
    }
}

#[test]
fn reads_what_the_builder_wrote() {
    let heap = Heap::from_bytes(small_heap().bytes()).unwrap();
    let graph = &heap.graph;
    assert_eq!((graph.node_count(), graph.edge_count()), (5, 4));
    assert_eq!(graph.kind(2), NodeType::Object);
    assert_eq!(graph.name(2), "Map \"quoted\" é");
    assert_eq!(graph.size(3), 5_000_000_000);
    assert_eq!(graph.id(4), 9);
    let edge = graph.edges(3).next().unwrap();
    assert_eq!(
        (edge.kind, edge.name, edge.to),
        (EdgeType::Element, 12_345_678, 4)
    );
    assert_eq!(
        graph.location(4),
        Some(Location {
            script: 7,
            line: 2,
            column: 31
        })
    );
    assert_eq!(graph.location(3), None);
    // The Map alone owns its table.
    assert_eq!(
        (heap.shallow.get(2), heap.shallow.get(3)),
        (5_000_000_032, 0)
    );
    assert_eq!(heap.dominators.retained_size(1), 5_000_000_136);
}

#[test]
fn every_truncation_is_an_error_with_its_byte() {
    let bytes = small_heap().bytes();
    for length in 0..bytes.len() {
        let error = error_of(bytes[..length].to_vec());
        let (SnapshotError::Truncated { at, .. } | SnapshotError::Corrupt { at, .. }) = error
        else {
            panic!("{length}: {error}");
        };
        assert!(at <= length as u64, "{length}: {error}");
    }
}

#[test]
fn foreign_files_are_named_as_such() {
    for text in [
        "<html>",
        "\u{7f}ELF",
        "[1,2,3]",
        "{}",
        "{\"nodes\":[]}",
        "{\"snapshot\":{}}",
    ] {
        let error = error_of(text.as_bytes().to_vec());
        assert_eq!(
            error.code(),
            "ERR_LEAKWATCH_SNAPSHOT_FOREIGN",
            "{text}: {error}"
        );
    }
}

/// A header may promise anything; memory follows from the file's size.
#[test]
fn a_header_that_promises_billions_allocates_nothing() {
    let text = format!(
        r#"{{"snapshot":{{"meta":{META},"node_count":4000000000,"edge_count":4000000000}},"nodes":[9,0,1,0,0,0,0],"#
    );
    let error = error_of(text.into_bytes());
    assert!(
        error
            .to_string()
            .ends_with("the header promises 4000000000 nodes, but there are 1"),
        "{error}"
    );
}

#[test]
fn contradictions_are_found() {
    let text = String::from_utf8(small_heap().bytes()).unwrap();
    for (from, to, message) in [
        ("\"edge_count\":4", "\"edge_count\":5", "promises 5 edges"),
        ("4,12345678,28", "4,12345678,27", "where no node begins"),
        ("1,12345678,28", "1,12345678,70", "where no node begins"),
        (
            "3,1,3,40,1,0,0",
            "3,1,3,40,2,0,0",
            "the nodes have 5 edges, but 4 follow",
        ),
        ("3,1,3,40,1,0,0", "3,1,3,40,4000000000,0,0", "edges"),
        ("3,1,3,40,1,0,0", "3,99,3,40,1,0,0", "string 99 is used"),
        (
            "3,1,3,40,1,0,0",
            "3,-1,3,40,1,0,0",
            "a number expected, found '-'",
        ),
        (
            "3,1,3,40,1,0,0",
            "3,1,9999999999,40,1,0,0",
            "beyond 32 bits",
        ),
    ] {
        if !text.contains(from) {
            continue;
        }
        let error = error_of(text.replacen(from, to, 1).into_bytes());
        assert!(
            error.to_string().contains(message),
            "{from} → {to}: {error}"
        );
    }
}

#[test]
fn gzip_and_zstd_are_told_by_content() {
    use std::io::Write;
    let plain = small_heap().bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&plain[..], 1).unwrap();
    let directory = std::env::temp_dir().join(format!("leakwatch-parser-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    for (name, bytes) in [("plain", &plain), ("gzip", &gzip), ("zstd", &zstd)] {
        let path = directory.join(name);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(
            Heap::open_path(&path).unwrap().graph.node_count(),
            5,
            "{name}"
        );
        std::fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
        let error = Heap::open_path(&path).err().unwrap();
        assert_eq!(
            error.code(),
            "ERR_LEAKWATCH_SNAPSHOT_TRUNCATED",
            "{name}: {error}"
        );
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Damage is found or harmless; it never panics.
    #[test]
    fn damage_never_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = small_heap().bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = Heap::from_bytes(bytes);
    }
}

/// Somebody else's log rotation must not end the process that analyses: a mapped file would (SIGBUS).
#[test]
fn a_file_that_is_truncated_while_it_is_read_is_an_error() {
    let mut builder = HeapBuilder::new();
    for index in 0..100_000 {
        let node = builder.node("object", "Kept", 32);
        builder.edge(0, "element", &index.to_string(), node);
    }
    let bytes = builder.bytes();
    let path = std::env::temp_dir().join(format!("leakwatch-truncated-{}", std::process::id()));
    for threads in [1, 2] {
        std::fs::write(&path, &bytes).unwrap();
        let truncate = |_| {
            let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(300_000).unwrap();
            true
        };
        let error = match Heap::open_with_progress(&path, threads, &truncate) {
            Err(error) => error,
            Ok(_) => panic!("an error was expected"),
        };
        assert_eq!(error.code(), "ERR_LEAKWATCH_SNAPSHOT_TRUNCATED", "{error}");
    }
    std::fs::remove_file(&path).unwrap();
}

/// What lies across the borders of windows and blocks is read as what does not, on one thread and on two.
#[test]
fn long_files_are_read_alike_at_any_offset() {
    let mut builder = HeapBuilder::new();
    for index in 0..30_000_usize {
        let node = builder.node(
            "object",
            &format!("Kept{}", index % 91),
            (index % 977) as u64,
        );
        builder.edge(
            index / 3,
            "element",
            &(index * 131 % 1_000_003).to_string(),
            node,
        );
    }
    let text = String::from_utf8(builder.bytes()).unwrap();
    let plain = Heap::from_bytes(text.clone().into_bytes()).unwrap();
    let newlines = text.replace("\n,", ",");
    let spaces = text.replacen(
        "\"nodes\":[",
        &format!("\"nodes\":[{}", " ".repeat(1021)),
        1,
    );
    for variant in [newlines, spaces] {
        let heap = Heap::from_bytes(variant.into_bytes()).unwrap();
        assert_eq!(heap.graph.edge_count(), plain.graph.edge_count());
        for node in 0..plain.graph.node_count() as u32 {
            assert_eq!(heap.graph.id(node), plain.graph.id(node));
            assert_eq!(heap.graph.name(node), plain.graph.name(node));
            assert_eq!(
                heap.dominators.retained_size(node),
                plain.dominators.retained_size(node)
            );
            assert!(heap.graph.edges(node).eq(plain.graph.edges(node)));
        }
    }
}
