//! A snapshot with everything that is computed once per file.

use std::path::Path;

use crate::snapshot::SnapshotError;
use crate::snapshot::classes::Classes;
use crate::snapshot::detached;
use crate::snapshot::dominators::Dominators;
use crate::snapshot::graph::Graph;
use crate::snapshot::ownership;
use crate::snapshot::parser;
use crate::snapshot::progress::{OnProgress, Phase, Reporter};
use crate::snapshot::reader::Source;
use crate::snapshot::sizes::Sizes;
use crate::snapshot::tree::Tree;

/// One heap: graph, sizes, dominators, classes.
pub struct Heap {
    /// Nodes, edges, strings.
    pub graph: Graph,
    /// Shallow sizes with owned backing stores counted for their owners.
    pub shallow: Sizes,
    /// The dominator tree and retained sizes.
    pub dominators: Dominators,
    /// The dominator tree's layout.
    pub tree: Tree,
    /// Classes and their sums.
    pub classes: Classes,
}

impl Heap {
    pub(crate) fn open(path: &Path, reporter: Reporter<'_>) -> Result<Heap, SnapshotError> {
        Source::open(path)
            .and_then(|source| Heap::from_source(source, reporter))
            .map_err(|error| error.of(path))
    }

    pub(crate) fn from_source(
        source: Source,
        reporter: Reporter<'_>,
    ) -> Result<Heap, SnapshotError> {
        let mut graph = parser::parse(source, reporter)?;
        detached::spread(&mut graph);
        let shallow = ownership::shallow_sizes(&graph);
        let dominators = Dominators::new(&graph, &shallow, reporter)?;
        let tree = Tree::new(&dominators);
        reporter.report(Phase::Classes, 0, graph.node_count())?;
        let classes = Classes::new(&graph, &shallow, &dominators, &tree);
        reporter.report(Phase::Classes, graph.node_count(), graph.node_count())?;
        Ok(Heap {
            graph,
            shallow,
            dominators,
            tree,
            classes,
        })
    }

    /// Analyses the file at `path`.
    pub fn open_path(path: &Path) -> Result<Heap, SnapshotError> {
        Heap::open(path, Reporter::default())
    }

    /// The same, telling `on_progress`, which may stop it.
    pub fn open_with_progress(
        path: &Path,
        on_progress: OnProgress<'_>,
    ) -> Result<Heap, SnapshotError> {
        Heap::open(
            path,
            Reporter {
                callback: Some(on_progress),
                file: 0,
            },
        )
    }

    /// Analyses a snapshot that is in memory already.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Heap, SnapshotError> {
        Heap::from_source(Source::Memory(bytes), Reporter::default())
    }

    /// Bytes of all objects.
    pub fn total_size(&self) -> u64 {
        self.shallow.total()
    }
}
