//! Growth to suspects on small heaps whose leak is known.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod heap_builder;

use std::ops::Range;
use std::path::PathBuf;

use heap_builder::HeapBuilder;
use leakwatch::snapshot::diff::{Diff, DiffOptions, diff_heaps};
use leakwatch::snapshot::heap::Heap;
use leakwatch::snapshot::leak_kind::Kind;
use proptest::prelude::*;

fn map_heap(entries: usize, first_id: u64) -> HeapBuilder {
    let mut heap = HeapBuilder::starting_at(first_id);
    heap.sessions(entries);
    heap
}

/// A variable that holds a chain of scopes and closures.
fn chain_heap(links: usize) -> HeapBuilder {
    let (mut heap, global) = HeapBuilder::with_global();
    heap.scopes(global, links);
    heap
}

fn compare(builders: &[HeapBuilder]) -> Diff {
    compare_with(builders, &DiffOptions::default())
}

fn compare_with(builders: &[HeapBuilder], options: &DiffOptions<'_>) -> Diff {
    let heaps: Vec<Heap> = builders
        .iter()
        .map(|builder| Heap::from_bytes(builder.bytes()).unwrap())
        .collect();
    let paths: Vec<PathBuf> = (0..heaps.len())
        .map(|index| PathBuf::from(format!("{index}.heapsnapshot")))
        .collect();
    diff_heaps(&paths, &heaps, options).unwrap()
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
    let other = compare(&[map_heap(100, 0), map_heap(500, 1_000_000)]);
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

/// V8 that does not track what moves: `garbage` went, and sessions that came lie in its place, under its ids.
fn untracked_heap(sessions: usize, garbage: usize) -> HeapBuilder {
    let mut heap = HeapBuilder::new();
    let map = heap.node("object", "Map", 32);
    let lasting = heap.node("array", "", 8000);
    heap.edge(0, "shortcut", "sessions", map)
        .edge(0, "shortcut", "lasting", lasting);
    for index in 0..1000 {
        let text = heap.node("string", &format!("text {index}"), 24);
        heap.edge(lasting, "element", &index.to_string(), text);
    }
    for index in 0..sessions {
        let session = heap.node("object", "Session", 40);
        let part = heap.node("object", "Part", 1000);
        heap.edge(map, "internal", &index.to_string(), session)
            .edge(session, "property", "part", part);
    }
    for index in 0..garbage {
        let other = heap.node("number", "heap number", 16);
        heap.edge(lasting, "weak", &index.to_string(), other);
    }
    heap
}

#[test]
fn ids_that_name_other_objects_than_before_are_not_believed() {
    let diff = compare(&[untracked_heap(50, 400), untracked_heap(250, 0)]);
    assert!(!diff.same_process);
    assert_eq!(diff.suspects[0].name, "Session");
    assert_eq!(
        (diff.suspects[0].count_before, diff.suspects[0].count_after),
        (50, 250)
    );
    // Here fewer are new by their ids than there are more of them.
    let mut first = untracked_heap(50, 1);
    let newest = 2 * first.len() as u64 - 1;
    first.renumber(|id| if id == newest { 1_000_001 } else { id });
    assert!(!compare(&[first, untracked_heap(250, 0)]).same_process);
}

#[test]
fn what_was_held_in_another_way_before_is_not_counted_as_new() {
    let mut first = map_heap(100, 0);
    // Sessions hang at the root as well, so that nothing else dominates them.
    let sessions = first.len() - 100..first.len();
    for (index, session) in sessions.enumerate() {
        first.edge(0, "element", &index.to_string(), session);
    }
    let diff = compare(&[first, map_heap(500, 1_000_000)]);
    let [suspect] = diff.suspects.as_slice() else {
        panic!("{:#?}", diff.suspects)
    };
    assert_eq!((suspect.count_before, suspect.count_after), (100, 500));
    assert!(
        (400_000..=426_000).contains(&suspect.growth_bytes),
        "{}",
        suspect.growth_bytes
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
    assert_eq!(sessions.new, Some((400, 400_000)));
    assert_eq!(sessions.deleted, Some((0, 0)));
}

/// As vm.compileFunction's callbacks on Node 16: only a handle of Node's keeps them, which the file does not show.
#[test]
fn what_nothing_visible_holds_is_told_all_the_same() {
    let heap = |count: usize| {
        let (mut heap, global) = HeapBuilder::with_global();
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

/// A heap of several leaks that know nothing of each other.
#[derive(Clone, Debug)]
struct Mixed {
    /// Links of a chain of closures; each holds a context with some objects.
    links: usize,
    /// Objects that each link holds, of 100 bytes.
    payload: usize,
    /// Entries of a Map in the chain's first link, counted from its end, which all snapshots have.
    cached: usize,
    /// Entries of Maps in variables of their own.
    maps: Vec<usize>,
}

fn mixed_heap(mixed: &Mixed) -> HeapBuilder {
    let (mut heap, global) = HeapBuilder::with_global();
    let map = |heap: &mut HeapBuilder, owner: usize, edge: &str, class: &str, entries: usize| {
        let map = heap.node("object", "Map", 32);
        let table = heap.node("array", "", 16 * entries as u64);
        heap.edge(owner, "property", edge, map)
            .edge(map, "internal", "table", table);
        for index in 0..entries {
            let entry = heap.node("object", class, 200);
            heap.edge(table, "internal", &index.to_string(), entry);
        }
    };
    let mut from = global;
    for link in (0..mixed.links).rev() {
        let closure = heap.node("closure", "patched", 64);
        let scope = heap.node("object", "system / Context", 200);
        let edge = if from == global {
            "property"
        } else {
            "context"
        };
        heap.edge(from, edge, "previous", closure)
            .edge(closure, "internal", "context", scope);
        let page = heap.node("object", "Page", 40);
        heap.edge(scope, "context", "page", page);
        for index in 0..mixed.payload {
            let item = heap.node("object", "Item", 100);
            heap.edge(page, "element", &index.to_string(), item);
        }
        if link == 0 {
            map(&mut heap, page, "cache", "Cached", mixed.cached);
        }
        from = scope;
    }
    for (index, &entries) in mixed.maps.iter().enumerate() {
        let holder = heap.node("object", &format!("Service{index}"), 40);
        heap.edge(global, "property", &format!("service{index}"), holder);
        map(&mut heap, holder, "rows", &format!("Row{index}"), entries);
    }
    heap
}

fn grown(mixed: &Mixed, by: &Mixed) -> Mixed {
    Mixed {
        links: mixed.links + by.links,
        payload: mixed.payload,
        cached: mixed.cached + by.cached,
        maps: mixed
            .maps
            .iter()
            .zip(&by.maps)
            .map(|(a, b)| a + b)
            .collect(),
    }
}

/// Nothing, or so much in one step.
fn more(much: Range<usize>) -> impl Strategy<Value = usize> {
    prop_oneof![Just(0_usize), much]
}

fn mixed() -> impl Strategy<Value = (Mixed, Mixed)> {
    let sizes = (12_usize..40, 0_usize..20, 0_usize..40);
    let maps = prop::collection::vec((0_usize..60, more(40..300)), 0..4);
    let growth = (prop_oneof![Just(0_usize), 14_usize..60], more(400..800));
    (sizes, maps, growth).prop_map(
        |((links, payload, cached), maps, (more_links, more_cached))| {
            let (maps, more_maps) = maps.into_iter().unzip();
            let mixed = Mixed {
                links,
                payload,
                cached,
                maps,
            };
            let by = Mixed {
                links: more_links,
                payload,
                cached: more_cached,
                maps: more_maps,
            };
            (mixed, by)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each suspect is news, and none is hidden: what a chain's links hold is the chain's, but a cache in one of them, or a
    /// Map beside it, leaks by itself.
    #[test]
    fn every_leak_is_told_once((first, by) in mixed(), steps in 1_usize..3) {
        let mut all = vec![first];
        for _ in 0..steps {
            all.push(grown(&all[all.len() - 1], &by));
        }
        let heaps: Vec<HeapBuilder> = all.iter().map(mixed_heap).collect();
        // The builder counts ids anew for each heap.
        let options = DiffOptions { same_process: Some(false), ..DiffOptions::default() };
        let diff = compare_with(&heaps, &options);
        let told: Vec<&str> = diff.suspects.iter().map(|suspect| suspect.name.as_str()).collect();
        let times = |name: &str| told.iter().filter(|told| **told == name).count();
        for (index, &more) in by.maps.iter().enumerate() {
            prop_assert_eq!(times(&format!("Row{index}")), usize::from(more > 0), "{:?}", told);
        }
        let chains = diff.suspects.iter().filter(|suspect| suspect.kind == Kind::ClosureChain).count();
        prop_assert_eq!(chains, usize::from(by.links > 0), "{:?}", told);
        // What is less than a quarter of what the links became more by would not be looked for in them.
        prop_assert_eq!(times("Cached"), usize::from(by.cached > 0), "{:?}", told);
        let expected = by.maps.iter().filter(|more| **more > 0).count()
            + usize::from(by.links > 0) + usize::from(by.cached > 0);
        prop_assert_eq!(told.len(), expected, "{:?}", told);
    }
}
