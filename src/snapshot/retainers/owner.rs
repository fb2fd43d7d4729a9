//! Whose code a function is: what Node and the test runner do explains nothing to the one who wrote the test.

use rustc_hash::FxHashMap;

use crate::snapshot::graph::Graph;
use crate::snapshot::scripts::Scripts;

/// Who wrote a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The program, its dependencies included.
    Program,
    /// A test runner, or the code that watches it.
    Runner,
    /// Node, V8, or nobody that the name tells.
    Node,
}

impl Owner {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Owner::Program => "program",
            Owner::Runner => "runner",
            Owner::Node => "node",
        }
    }

    fn of(url: &str, own_folder: &str) -> Owner {
        if is_runners(url) || !own_folder.is_empty() && url.starts_with(own_folder) {
            Owner::Runner
        } else if ["node:", "internal/", "native "]
            .iter()
            .any(|start| url.starts_with(start))
            || !url.contains(['/', '\\'])
        {
            Owner::Node
        } else {
            Owner::Program
        }
    }
}

/// Whether the script belongs to a package that runs tests.
fn is_runners(url: &str) -> bool {
    const PACKAGES: [&str; 8] = [
        "jest",
        "expect",
        "graceful-fs",
        "source-map-support",
        "vitest",
        "vite",
        "mocha",
        "leakwatch",
    ];
    let mut parts = url.split(['/', '\\']).peekable();
    while let Some(part) = parts.next() {
        // A package's own folder: the last part is a file.
        let Some(package) = parts.peek().copied().filter(|_| part == "node_modules") else {
            continue;
        };
        if PACKAGES.contains(&package)
            || package.starts_with("jest-")
            || matches!(package, "@jest" | "@vitest")
        {
            return true;
        }
    }
    false
}

/// Owners of the functions and constructors in a snapshot.
pub(super) struct Owners<'g> {
    graph: &'g Graph,
    by_script: FxHashMap<u32, Owner>,
}

impl<'g> Owners<'g> {
    pub(super) fn new(graph: &'g Graph, scripts: &Scripts, own_folder: &str) -> Owners<'g> {
        let by_script = scripts
            .urls()
            .map(|(script, url)| (script, Owner::of(url, own_folder)))
            .collect();
        Owners { graph, by_script }
    }

    /// Whose code the node's function or constructor is; `None` where the file does not say.
    pub(super) fn of(&self, node: u32) -> Option<Owner> {
        self.by_script
            .get(&self.graph.location(node)?.script)
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_program_from_those_who_run_it() {
        let cases = [
            ("/app/test/a.test.js", Owner::Program),
            ("file:///app/a.mjs", Owner::Program),
            ("/app/node_modules/express/index.js", Owner::Program),
            ("/app/node_modules/jest-circus/build/run.js", Owner::Runner),
            ("/app/node_modules/@jest/core/index.js", Owner::Runner),
            ("C:\\app\\node_modules\\vitest\\dist\\a.js", Owner::Runner),
            ("/app/lib/jest/own.js", Owner::Program),
            ("/tools/leakwatch/lib/runner/series.js", Owner::Runner),
            ("node:events", Owner::Node),
            ("internal/timers.js", Owner::Node),
            ("events.js", Owner::Node),
        ];
        for (url, owner) in cases {
            assert_eq!(Owner::of(url, "/tools/leakwatch/lib/"), owner, "{url}");
        }
    }
}
