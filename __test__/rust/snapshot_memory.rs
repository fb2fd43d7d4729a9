//! Memory that an analysis needs follows from the size of its input, whatever the input says.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod heap_builder;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use heap_builder::{HeapBuilder, META};
use leakwatch::snapshot::heap::Heap;

/// Counts the bytes that are allocated, and the most there were at once.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn add(size: usize) {
    PEAK.fetch_max(LIVE.fetch_add(size, Relaxed) + size, Relaxed);
}

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promises are this call's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promises are this call's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promises are this call's.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_sub(layout.size(), Relaxed);
        add(size);
        // SAFETY: the caller's promises are this call's.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes per byte of input: the smallest record of a node is 14 bytes and takes about 140, of an edge 6 and about 35.
const PER_BYTE: usize = 16;
/// Windows, blocks, tables of types.
const FIXED: usize = 2 << 20;

/// One test, since the allocator counts for the whole process.
#[test]
fn memory_follows_from_the_size_of_the_input() {
    for (what, text) in inputs() {
        let size = text.len();
        let before = LIVE.load(Relaxed);
        PEAK.store(before, Relaxed);
        let heap = Heap::from_bytes(text);
        let used = PEAK.load(Relaxed) - before;
        // The input itself is in memory here, beside what is read from it.
        let bound = (PER_BYTE + 1) * size + FIXED;
        assert!(
            used <= bound,
            "{what}: {used} bytes for {size}, more than {bound}"
        );
        drop(heap);
        assert!(
            LIVE.load(Relaxed) < before + FIXED,
            "{what}: memory stays behind"
        );
    }
}

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let header = |nodes: u64, edges: u64| {
        format!(
            r#"{{"snapshot":{{"meta":{META},"node_count":{nodes},"edge_count":{edges}}},"nodes":["#
        )
    };
    let promises = format!("{}9,0,1,0,0,0,0],", header(4_000_000_000, 4_000_000_000));
    let small_nodes = format!(
        "{}9,0,1,0,0,0,0{}],\"edges\":[],\"strings\":[\"\"]}}",
        header(0, 0),
        ",0,0,0,0,0,0,0".repeat(300_000)
    );
    let promised_edges = format!("{}9,0,1,0,4000000000,0,0],\"edges\":[1,0,0", header(1, 0));
    let open_strings = format!(
        "{}9,0,1,0,0,0,0],\"edges\":[],\"strings\":[{}",
        header(1, 0),
        "\"\",".repeat(1_000_000)
    );
    let deep = format!("{{\"snapshot\":{}", "[".repeat(3_000_000));
    let mut fan = HeapBuilder::new();
    let hub = fan.node("object", "hub", 16);
    fan.edge(0, "property", "hub", hub);
    for index in 0..50_000 {
        let node = fan.node("object", "leaf", 16);
        fan.edge(hub, "element", &index.to_string(), node);
    }
    vec![
        ("billions promised", promises.into_bytes()),
        ("the smallest nodes", small_nodes.into_bytes()),
        (
            "billions of edges promised by a node",
            promised_edges.into_bytes(),
        ),
        ("empty strings without end", open_strings.into_bytes()),
        ("a header without end", deep.into_bytes()),
        ("a heap", fan.bytes()),
    ]
}
