//! What holds an object that is known beforehand: which chain is told where there are several, and what counts as a hold.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod heap_builder;

use heap_builder::HeapBuilder;
use leakwatch::snapshot::heap::Heap;
use leakwatch::snapshot::retainers::{Marked, Owner, Retained, explain};

/// A heap with one marked global object that nothing holds yet.
struct Realm {
    heap: HeapBuilder,
    marks: usize,
    global: usize,
}

impl Realm {
    fn new() -> Realm {
        let mut heap = HeapBuilder::new();
        let marks = heap.node("object", "Array", 16);
        heap.edge(0, "element", "1", marks);
        let mut realm = Realm {
            heap,
            marks,
            global: 0,
        };
        realm.global = realm.marked("first");
        realm
    }

    fn marked(&mut self, label: &str) -> usize {
        let heap = &mut self.heap;
        let global = heap.node("object", "global", 100);
        let mark = heap.node("object", "Mark", 32);
        let reference = heap.node("object", "WeakRef", 16);
        let text = heap.node("string", label, 16);
        heap.edge(self.marks, "element", "0", mark);
        heap.edge(mark, "property", "label", text);
        heap.edge(mark, "property", "environment", reference);
        heap.edge(reference, "weak", "target", global);
        global
    }

    /// A function in a script of this URL, whose scope has `to` as a variable.
    fn function(&mut self, url: &str, script: u64, to: usize) -> usize {
        let heap = &mut self.heap;
        let function = heap.node("closure", "listen", 64);
        let shared = heap.node("code", "listen", 32);
        let code = heap.node("code", "script", 32);
        let name = heap.node("string", url, 32);
        let scope = heap.node("object", "system / Context", 32);
        heap.edge(function, "internal", "shared", shared);
        heap.edge(shared, "internal", "script", code);
        heap.edge(code, "internal", "name", name);
        heap.edge(function, "internal", "context", scope);
        heap.edge(scope, "context", "kept", to);
        heap.location(function, script, 6, 2);
        function
    }

    fn explained(&self) -> Vec<Retained> {
        let labels = ["first".to_owned(), "second".to_owned()];
        let heap = Heap::from_bytes(self.heap.bytes()).unwrap();
        explain(
            &heap.graph,
            &Marked {
                class: "Mark",
                labels: &labels,
                own_folder: "/tools/leakwatch/lib/",
                progress: None,
            },
        )
    }
}

fn edges(retained: &Retained) -> Vec<&str> {
    retained
        .steps
        .iter()
        .map(|step| step.edge.as_str())
        .collect()
}

#[test]
fn nothing_is_said_of_what_only_weak_references_know() {
    assert!(Realm::new().explained().is_empty());
}

#[test]
fn the_chain_through_the_programs_own_function_is_told() {
    let mut realm = Realm::new();
    let global = realm.global;
    // Shorter, but the runner's: it may let go yet.
    let runner = realm.function("/app/node_modules/jest-runtime/build/index.js", 1, global);
    realm.heap.edge(0, "element", "2", runner);
    let listener = realm.function("/app/test/a.test.js", 2, global);
    let emitter = realm.heap.node("object", "EventEmitter", 32);
    realm.heap.edge(0, "element", "3", emitter);
    realm.heap.edge(emitter, "property", "warning", listener);
    let found = realm.explained();
    assert_eq!(found.len(), 1);
    assert_eq!(edges(&found[0]), ["3", "warning", "context", "kept"]);
    assert_eq!(found[0].label, "first");
    assert_eq!(found[0].entry, 3);
    let step = &found[0].steps[1];
    assert_eq!(step.owner, Some(Owner::Program));
    let place = step.location.as_ref().unwrap();
    assert_eq!(place.text(), "/app/test/a.test.js:7:3");
}

#[test]
fn the_value_of_a_weak_map_is_held_by_key_and_map_together() {
    for with_map in [true, false] {
        let mut realm = Realm::new();
        let key = realm.heap.node("object", "Key", 16);
        let table = realm.heap.node("array", "", 64);
        // Ids count up by two from 1.
        let name = format!(
            "3 / part of key (Key @1) -> value (global @1) pair in WeakMap (table @{})",
            table * 2 + 1
        );
        realm.heap.edge(0, "element", "2", key);
        realm.heap.edge(key, "internal", &name, realm.global);
        realm.heap.edge(table, "internal", &name, realm.global);
        if with_map {
            let map = realm.heap.node("object", "WeakMap", 16);
            realm.heap.edge(0, "element", "3", map);
            realm.heap.edge(map, "internal", "table", table);
        }
        let found = realm.explained();
        assert_eq!(found.len(), usize::from(with_map), "{found:?}");
        if let Some(found) = found.first() {
            assert_eq!(edges(found), ["2", &name]);
        }
    }
}

#[test]
fn a_timer_that_fires_once_is_known_by_what_it_repeats() {
    // V8 names `null` from Node 24 on; the number of an interval has no node.
    for (repeat, one_shot) in [
        (Some("null"), true),
        (Some("system / Oddball"), true),
        (Some("heap number"), false),
        (None, false),
    ] {
        let mut realm = Realm::new();
        let global = realm.global;
        let callback = realm.function("/app/test/a.test.js", 1, global);
        let timer = realm.heap.node("object", "Timeout", 64);
        realm.heap.edge(0, "element", "2", timer);
        realm.heap.edge(timer, "property", "_onTimeout", callback);
        if let Some(name) = repeat {
            let node = realm.heap.node("hidden", name, 16);
            realm.heap.edge(timer, "property", "_repeat", node);
        }
        assert_eq!(realm.explained()[0].one_shot, one_shot, "{repeat:?}");
    }
}

#[test]
fn what_is_held_by_another_marked_object_alone_says_so() {
    let mut realm = Realm::new();
    let second = realm.marked("second");
    let holder = realm.heap.node("object", "Map", 16);
    realm.heap.edge(0, "element", "2", holder);
    realm.heap.edge(holder, "element", "0", second);
    let cache = realm.heap.node("object", "Cache", 16);
    realm.heap.edge(second, "property", "cache", cache);
    let entry = realm.heap.node("object", "Entry", 16);
    realm.heap.edge(cache, "property", "entry", entry);
    realm.heap.edge(entry, "property", "first", realm.global);
    let found = realm.explained();
    let through = |label: &str| {
        let one = found.iter().find(|each| each.label == label).unwrap();
        one.through.clone()
    };
    assert_eq!(through("first"), Some("second".to_owned()));
    assert_eq!(through("second"), None);
}

#[test]
fn a_place_is_that_of_the_source_that_people_wrote() {
    let mut realm = Realm::new();
    let global = realm.global;
    let listener = realm.function("/app/test/a.test.ts", 1, global);
    // Generated 6:0 comes from a.test.ts 40:4: in the script's own source, as a transformer leaves it.
    let map = r#"{"version":3,"sources":["a.test.ts"],"mappings":";;;;;;AAwCI"}"#;
    let url = format!("data:application/json;base64,{}", base64(map.as_bytes()));
    let source = realm.heap.node(
        "string",
        &format!("\n\n\n\n\n\nf();\n//# sourceMappingURL={url}\n"),
        64,
    );
    // Root, marks, and five nodes of the marked object come before the function and its code.
    let script = listener + 2;
    realm.heap.edge(script, "internal", "source", source);
    realm.heap.edge(0, "element", "2", listener);
    let found = realm.explained();
    let place = found[0].steps[0].location.as_ref().unwrap();
    assert_eq!(place.text(), "/app/test/a.test.ts:41:5");
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| {
            bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0))
        });
        for at in 0..4 {
            let digit = (bits >> (18 - 6 * at) & 63) as usize;
            text.push(if at <= chunk.len() {
                char::from(LETTERS[digit])
            } else {
                '='
            });
        }
    }
    text
}
