//! One snapshot in, its classes and largest objects out.

use std::path::{Path, PathBuf};

use crate::snapshot::SnapshotError;
use crate::snapshot::classes::ClassKey;
use crate::snapshot::heap::{Heap, processors};
use crate::snapshot::largest::{TreeNode, largest};
use crate::snapshot::place::Place;
use crate::snapshot::progress::{OnProgress, Reporter};
use crate::snapshot::ranking::{largest_first, sorted};
use crate::snapshot::scripts::Scripts;

/// How to summarize.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Told of progress; may stop the analysis.
    pub progress: Option<OnProgress<'a>>,
    /// Classes reported, largest first; 0 reports all.
    pub top_classes: usize,
    /// Threads used; 0 is as many as there are processors, up to two.
    pub threads: usize,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            progress: None,
            top_classes: 1000,
            threads: 0,
        }
    }
}

/// What a file is.
#[derive(Clone, Debug)]
pub struct FileInfo {
    /// As given.
    pub path: PathBuf,
    /// Bytes of the file, decompressed.
    pub file_bytes: u64,
    /// Nodes in it.
    pub nodes: u64,
    /// Edges in it.
    pub edges: u64,
    /// Bytes of all objects.
    pub total_bytes: u64,
}

/// Sums over one class; sizes in bytes.
#[derive(Clone, Debug)]
pub struct ClassRow {
    /// Constructor, or V8's group in parentheses.
    pub name: String,
    /// Where the constructor stands.
    pub location: Option<Place>,
    /// Objects.
    pub count: u64,
    /// Their own bytes.
    pub shallow: u64,
    /// Bytes that would go with them.
    pub retained: u64,
}

/// What is in one snapshot.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The file.
    pub file: FileInfo,
    /// How many classes there are, reported or not.
    pub class_count: usize,
    /// The classes, by retained size.
    pub classes: Vec<ClassRow>,
    /// The dominator tree from the root, cut to what is large.
    pub tree: TreeNode,
}

/// Summarizes the snapshot at `path`.
pub fn summarize(path: &Path, options: &Options<'_>) -> Result<Summary, SnapshotError> {
    let heap = Heap::open(
        path,
        match options.threads {
            0 => processors(),
            threads => threads,
        },
        Reporter {
            callback: options.progress,
            file: 0,
        },
    )?;
    let mut classes = class_rows(&heap, &Scripts::new(&heap.graph));
    let class_count = classes.len();
    if options.top_classes > 0 {
        classes.truncate(options.top_classes);
    }
    Ok(Summary {
        file: file_info(path, &heap),
        class_count,
        classes,
        tree: largest(&heap),
    })
}

/// All classes, the largest first.
pub(crate) fn class_rows(heap: &Heap, scripts: &Scripts) -> Vec<ClassRow> {
    let classes: Vec<ClassRow> = heap
        .classes
        .table
        .iter()
        .filter(|class| class.count > 0)
        .map(|class| ClassRow {
            name: class.key.name.clone(),
            location: place(&class.key, scripts),
            count: class.count,
            shallow: class.shallow,
            retained: class.retained,
        })
        .collect();
    sorted(classes, |class| largest_first(class.retained, &class.name))
}

pub(crate) fn place(key: &ClassKey, scripts: &Scripts) -> Option<Place> {
    key.location
        .and_then(|location| Place::of(location, scripts))
}

pub(crate) fn file_info(path: &Path, heap: &Heap) -> FileInfo {
    FileInfo {
        path: path.to_owned(),
        file_bytes: heap.graph.file_bytes(),
        nodes: heap.graph.node_count() as u64,
        edges: heap.graph.edge_count() as u64,
        total_bytes: heap.total_size(),
    }
}
