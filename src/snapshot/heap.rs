//! A snapshot with everything that is computed once per file.

use std::path::Path;

use crate::snapshot::SnapshotError;
use crate::snapshot::classes::Classes;
use crate::snapshot::detached;
use crate::snapshot::dominators::Dominators;
use crate::snapshot::graph::Graph;
use crate::snapshot::kind::NodeType;
use crate::snapshot::ownership;
use crate::snapshot::parser;
use crate::snapshot::progress::{OnProgress, Phase, Reporter};
use crate::snapshot::reader::Input;
use crate::snapshot::sizes::Sizes;
use crate::snapshot::spare::Spare;
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
    pub(crate) fn open(
        path: &Path,
        threads: usize,
        reporter: Reporter<'_>,
    ) -> Result<Heap, SnapshotError> {
        Heap::open_with(path, threads, &mut Spare::default(), reporter)
    }

    /// The same with arrays of an earlier load.
    pub(crate) fn open_with(
        path: &Path,
        threads: usize,
        spare: &mut Spare,
        reporter: Reporter<'_>,
    ) -> Result<Heap, SnapshotError> {
        Input::open(path)
            .and_then(|input| Heap::from_input(input, threads, spare, reporter))
            .map_err(|error| error.of(path))
    }

    pub(crate) fn from_input(
        input: Input,
        threads: usize,
        spare: &mut Spare,
        reporter: Reporter<'_>,
    ) -> Result<Heap, SnapshotError> {
        let mut graph = parser::parse(input, threads, reporter)?;
        detached::spread(&mut graph);
        let owned = |spare: &mut Spare| {
            let shallow = ownership::shallow_sizes(&graph, spare);
            (shallow, Classes::group(&graph, spare))
        };
        // What a node is, and which nodes keep it alive, do not depend on each other.
        let ((shallow, mut classes), mut dominators) = if threads > 1 {
            std::thread::scope(|scope| {
                let owned = scope.spawn(|| owned(&mut Spare::default()));
                let dominators = Dominators::new(&graph, spare, reporter);
                match owned.join() {
                    Ok(owned) => Ok((owned, dominators?)),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            })?
        } else {
            // The dominators need most memory for a while; the others then find it there.
            let dominators = Dominators::new(&graph, spare, reporter)?;
            (owned(spare), dominators)
        };
        reporter.report(Phase::Classes, 0, graph.node_count())?;
        let tree = if threads > 1 {
            std::thread::scope(|scope| {
                let idom = &dominators.idom;
                let tree = scope.spawn(|| Tree::new(idom, spare));
                let retained = dominators.summed_up(&shallow);
                match tree.join() {
                    Ok(tree) => {
                        dominators.retained = retained;
                        tree
                    }
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            })
        } else {
            spare.trim(Tree::ARRAYS, graph.node_count());
            dominators.retained = dominators.summed_up(&shallow);
            Tree::new(&dominators.idom, spare)
        };
        classes.sum_up(&graph, &shallow, &dominators, &tree);
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
        Heap::open(path, processors(), Reporter::default())
    }

    /// The same on so many threads (0: as there are processors, up to two), telling `on_progress`, which may stop it.
    pub fn open_with_progress(
        path: &Path,
        threads: usize,
        on_progress: OnProgress<'_>,
    ) -> Result<Heap, SnapshotError> {
        let threads = if threads == 0 { processors() } else { threads };
        Heap::open(
            path,
            threads,
            Reporter {
                callback: Some(on_progress),
                file: 0,
            },
        )
    }

    /// Analyses a snapshot that is in memory already.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Heap, SnapshotError> {
        Heap::from_input(
            Input::from_bytes(bytes),
            1,
            &mut Spare::default(),
            Reporter::default(),
        )
    }

    /// Analyses a snapshot as it comes in, on this thread alone.
    pub fn from_stream(input: Input, on_progress: OnProgress<'_>) -> Result<Heap, SnapshotError> {
        let reporter = Reporter {
            callback: Some(on_progress),
            file: 0,
        };
        Heap::from_input(input, 1, &mut Spare::default(), reporter)
    }

    /// Bytes of all objects.
    pub fn total_size(&self) -> u64 {
        self.shallow.total()
    }

    /// Bytes of all but V8's code, hidden classes and lists. These it drops and makes again as it likes: 70 kB between two
    /// snapshots hide a leak of 60 kB from whoever looks at the whole.
    pub(crate) fn program_size(&self) -> u64 {
        let is_program = |&node: &u32| {
            !matches!(
                self.graph.kind(node),
                NodeType::Code | NodeType::ObjectShape | NodeType::Hidden | NodeType::Synthetic
            )
        };
        let nodes = (0..self.graph.node_count() as u32).filter(is_program);
        nodes.map(|node| self.shallow.get(node)).sum()
    }
}

/// How many threads one analysis uses at the most: there is work for two.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(2)
}
