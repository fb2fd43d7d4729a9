//! Redaction: no secret is left, and the analysis sees the same.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod heap_builder;

use heap_builder::HeapBuilder;
use leakwatch::snapshot::heap::Heap;
use leakwatch::snapshot::redact::{Redaction, redact_bytes};

fn heap_with_secrets() -> HeapBuilder {
    let (mut heap, global) = HeapBuilder::with_global();
    let account = heap.node("object", "Account", 100);
    let password = heap.node("string", "hunter2 hunter2 hunter2", 48);
    let number = heap.node("number", "4111111111111111", 16);
    let script = heap.node("code", "/app/bank.js", 64);
    let url = heap.node("string", "/app/bank.js", 32);
    let source = heap.node("string", "const key = 'SECRET-KEY';", 64);
    let pair = "3 / part of key (SECRET-NAME @5) -> value (hunter2 @7) pair in WeakMap (table @3)";
    heap.edge(global, "property", "account", account)
        .edge(global, "property", "person@example.org", account)
        .edge(global, "internal", pair, account)
        .edge(account, "property", "password", password)
        .edge(account, "property", "account", number)
        .edge(account, "internal", "script", script)
        .edge(script, "internal", "name", url)
        .edge(script, "internal", "source", source);
    heap
}

#[test]
fn values_go_and_names_stay() {
    let before = heap_with_secrets().bytes();
    let after = redact_bytes(&before, &Redaction::default()).unwrap();
    let text = String::from_utf8(after.clone()).unwrap();
    for secret in ["hunter2", "4111111111111111", "SECRET-KEY", "SECRET-NAME"] {
        assert!(!text.contains(secret), "{secret} is left");
    }
    for name in [
        "Account",
        "password",
        "/app/bank.js",
        "person@example.org",
        "<string 16-31>",
    ] {
        assert!(text.contains(name), "{name} is gone");
    }
    let (before, after) = (
        Heap::from_bytes(before).unwrap(),
        Heap::from_bytes(after).unwrap(),
    );
    for node in 0..before.graph.node_count() as u32 {
        assert_eq!(
            before.dominators.retained_size(node),
            after.dominators.retained_size(node)
        );
        assert_eq!(
            before.dominators.dominator(node),
            after.dominators.dominator(node)
        );
    }
}

#[test]
fn keys_of_dictionaries_go_when_asked() {
    let bytes = heap_with_secrets().bytes();
    let after = redact_bytes(
        &bytes,
        &Redaction {
            property_names: true,
            progress: None,
        },
    )
    .unwrap();
    let text = String::from_utf8(after).unwrap();
    assert!(!text.contains("person@example.org"));
    // Used twice: a property of a class, not a key.
    assert!(text.contains("\"account\""));
}
