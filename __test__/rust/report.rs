//! The report in its three forms, whole.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod heap_builder;

use std::path::PathBuf;

use heap_builder::HeapBuilder;
use leakwatch::report::{Model, TextStyle, json, text};
use leakwatch::snapshot::diff::{DiffOptions, diff_heaps};
use leakwatch::snapshot::heap::Heap;
use leakwatch::snapshot::known::KnownLeaks;
use leakwatch::snapshot::largest::TreeNode;
use leakwatch::snapshot::suppress;

fn emitter_heap(listeners: usize) -> HeapBuilder {
    let (mut heap, global) = HeapBuilder::with_global();
    let socket = heap.node("object", "Socket", 200);
    let events = heap.node("object", "Object", 56);
    let list = heap.node("object", "Array", 16);
    heap.edge(global, "property", "socket", socket)
        .edge(socket, "property", "_events", events)
        .edge(events, "property", "connect", list);
    for index in 0..listeners {
        let listener = heap.node("closure", "", 64);
        heap.edge(list, "element", &index.to_string(), listener);
    }
    heap
}

fn model() -> Model {
    let heaps: Vec<Heap> = [10, 1010]
        .map(|count| Heap::from_bytes(emitter_heap(count).bytes()).unwrap())
        .into_iter()
        .collect();
    let paths = [
        PathBuf::from("before.heapsnapshot"),
        PathBuf::from("after </script>.heapsnapshot"),
    ];
    let diff = diff_heaps(&paths, &heaps, &DiffOptions::default()).unwrap();
    Model {
        title: "connect <listeners>".into(),
        diff: Some(diff),
        ..Model::default()
    }
}

#[test]
fn text_fits_a_terminal_and_says_it_all() {
    let text = text(&model(), TextStyle::default());
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let expected = "\
connect <listeners>

The heap grew by 64 kB: 952 B → 65 kB (2 snapshots).

1. anonymous functions [listeners] +64 kB (100 %)
   1,000 more listeners for 'connect' on the Socket in .socket of global were
   added and not removed (+64 kB, 100 % of the growth).
   held by, from the root:
     global
     .socket Socket
     ._events Object {connect}
     .connect Array  ← piles up here
     [] (anonymous)()
   Known: Each request adds a connect listener to a reused socket on which
   'connect' never fires again. Test socket.connecting before listening, and
   remove the listener when the request ends.
   https://github.com/nodejs/node/issues/16716
";
    assert!(text.starts_with(expected), "{text}");
    assert!(!text.contains('\u{1b}'));
}

/// A listener in a file of this name, so deep that not all of its directories fit.
fn placed(name: &str) -> String {
    let mut heap = emitter_heap(1010);
    let url = format!("/srv/application/{}{name}.js", "directory/".repeat(12));
    let listener = heap.node("closure", &"veryLongNameOfAListener".repeat(3), 64);
    let code = heap.node("code", "", 8);
    let script = heap.node("code", "", 8);
    let name = heap.node("string", &url, 8);
    // The list is the fourth node after the root.
    heap.edge(4, "element", "9000", listener)
        .edge(listener, "internal", "shared", code)
        .edge(code, "internal", "script", script)
        .edge(script, "internal", "name", name);
    for node in 5..=listener {
        heap.location(node, 7, 1233, 43);
    }
    let heaps: Vec<Heap> = [emitter_heap(10), heap]
        .map(|heap| Heap::from_bytes(heap.bytes()).unwrap())
        .into_iter()
        .collect();
    let paths = [PathBuf::from("0"), PathBuf::from("1")];
    let diff = diff_heaps(&paths, &heaps, &DiffOptions::default()).unwrap();
    text(
        &Model {
            diff: Some(diff),
            ..Model::default()
        },
        TextStyle::default(),
    )
}

#[test]
fn a_place_is_never_cut() {
    let names = [
        "a".to_owned(),
        "nameOfAFile".repeat(4),
        "nameOfAFile".repeat(9),
    ];
    for name in names {
        let text = placed(&name);
        let whole = format!("directory/{name}.js:1234:44");
        assert!(
            text.lines()
                .any(|line| line.starts_with("   at /srv/") && line.ends_with(&whole)),
            "{text}"
        );
        let place = format!("/{name}.js:1234:44");
        let path = text.split("from the root:").nth(1).unwrap();
        assert!(path.contains(&place), "{text}");
        assert!(path.contains("← piles up here"), "{text}");
        let is_cut =
            |line: &&str| line.contains(".j…") || line.contains(":1…") || line.contains(".js…");
        assert!(!text.lines().any(|line| is_cut(&line)), "{text}");
        let too_long = |line: &&str| line.chars().count() > 80 && !line.contains(&place);
        assert!(!text.lines().any(|line| too_long(&line)), "{text}");
    }
}

#[test]
fn json_carries_its_version_and_the_contracts_names() {
    let value: serde_json::Value = serde_json::from_str(&json(&model())).unwrap();
    assert_eq!(value["schemaVersion"], 1);
    let suspect = &value["diff"]["suspects"][0];
    for name in [
        "rank",
        "name",
        "kind",
        "countBefore",
        "countAfter",
        "growthBytes",
        "share",
        "path",
        "fingerprint",
        "known",
        "sentence",
    ] {
        assert!(!suspect[name].is_null(), "{name}");
    }
    assert_eq!(suspect["known"]["id"], "socket-connect-listeners");
    let class = &value["diff"]["classes"][0];
    for name in [
        "countBefore",
        "countAfter",
        "shallowBefore",
        "shallowAfter",
        "retainedBefore",
        "retainedAfter",
    ] {
        assert!(class[name].is_u64(), "{name}");
    }
}

#[test]
fn the_tree_is_cut_and_what_is_cut_off_is_summed_up() {
    fn each(node: &TreeNode, check: &mut impl FnMut(&TreeNode)) {
        check(node);
        node.children.iter().for_each(|child| each(child, check));
    }
    let tree = model().diff.unwrap().tree;
    let (mut nodes, mut lists) = (0, 0);
    each(&tree, &mut |node| {
        nodes += 1;
        let listed: u64 = node.children.iter().map(|child| child.retained).sum();
        let rest: u64 = node.rest.iter().map(|group| group.retained).sum();
        let rest_count: u64 = node.rest.iter().map(|group| group.count).sum();
        assert_eq!(node.child_count, node.children.len() as u64 + rest_count);
        assert_eq!(node.retained, node.shallow + listed + rest);
        if node.name == "Array" {
            lists += 1;
            assert_eq!((node.children.len(), node.child_count), (16, 1010));
            let [group] = node.rest.as_slice() else {
                panic!("{:?}", node.rest)
            };
            assert_eq!((group.class.as_str(), group.count), ("Function", 994));
        }
    });
    assert!(nodes < 50 && lists == 1, "{nodes} nodes, {lists} lists");
}

#[test]
fn suppressed_suspects_are_set_aside_until_their_day() {
    let suspects = model().diff.unwrap().suspects;
    let fingerprint = suspects[0].fingerprint.clone();
    let file = format!(
        r#"{{"suppress":[{{"fingerprint":"{fingerprint}","reason":"test server","expires":"2027-01-31"}}]}}"#
    );
    let entries = suppress::parse(&file).unwrap();
    let before = suppress::apply(suspects.clone(), &entries, "2027-01-31");
    assert_eq!(
        (
            before.kept.len(),
            before.suppressed.len(),
            before.expired.len()
        ),
        (0, 1, 0)
    );
    let after = suppress::apply(suspects, &entries, "2027-02-01");
    assert_eq!(
        (
            after.kept.len(),
            after.suppressed.len(),
            after.expired.len()
        ),
        (1, 0, 1)
    );
}

/// What is said of snapshots that hold so many listeners.
fn told(counts: &[usize], suppress: bool) -> String {
    let heaps: Vec<Heap> = counts
        .iter()
        .map(|&count| Heap::from_bytes(emitter_heap(count).bytes()).unwrap())
        .collect();
    let paths: Vec<PathBuf> = counts.iter().map(|_| PathBuf::from("file")).collect();
    let mut diff = diff_heaps(&paths, &heaps, &DiffOptions::default()).unwrap();
    let mut suppressed = Vec::new();
    if suppress {
        let (reason, expires) = ("known".into(), "2027-01-31".into());
        let entry = suppress::Suppression {
            fingerprint: diff.suspects[0].fingerprint.clone(),
            reason,
            expires,
        };
        suppressed = diff
            .suspects
            .drain(..)
            .map(|it| (it, entry.clone()))
            .collect();
    }
    let model = Model {
        diff: Some(diff),
        suppressed,
        ..Model::default()
    };
    text(&model, TextStyle::default())
}

#[test]
fn what_is_said_where_nothing_grew_goes_by_the_number_of_snapshots() {
    assert!(told(&[10, 10], false).contains("grew by more than noise."));
    assert!(told(&[10, 1010, 1010], false).contains("grew in every step."));
    let suppressed = told(&[10, 1010], true);
    assert!(suppressed.contains("No growth but what is suppressed."));
    assert!(suppressed.contains("suppressed until 2027-01-31: 1,000 more"));
}

#[test]
fn the_list_of_known_leaks_is_whole() {
    let known = KnownLeaks::parse(include_str!("../../src/snapshot/known_leaks.json")).unwrap();
    assert!(known.len() >= 12);
}
