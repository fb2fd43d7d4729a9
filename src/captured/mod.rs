//! A capture: what is left of a heap once it was analysed, in some tens of kilobytes, so that a copy of the process can
//! hand it to the service. Captures are compared by the shape of their dominator trees; the newest, whose graph is still
//! there when it is made, can be compared with earlier ones in full.

mod blob;
mod compare;
mod portraits;
mod realign;

pub use blob::{Captured, MAX_BYTES};
pub use compare::compare;

use crate::report;
use crate::snapshot::contexts::{self, Contexts};
use crate::snapshot::diff::{growing_shapes, node_version};
use crate::snapshot::growth::{self, Side};
use crate::snapshot::heap::Heap;
use crate::snapshot::largest::TreeNode;
use crate::snapshot::originals::Originals;
use crate::snapshot::progress::{Phase, Reporter};
use crate::snapshot::scripts::Scripts;
use crate::snapshot::shapes::{MAX_SHAPES, Shapes};
use crate::snapshot::{
    ClassRow, Diff, FileInfo, OnProgress, SnapshotError, Summary, piles, suspects,
};
use serde_json::{Value, json};

/// Shapes are recorded from this share of the heap on.
const SHARE: u64 = 10_000;
/// And from so many bytes on.
const LEAST: u64 = 1024;
/// Classes in a capture, the largest.
const CLASSES: usize = 1000;
/// Classes in a comparison of captures, by change.
const DELTAS: usize = 200;

/// What a capture is to tell.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Told of progress; may stop it.
    pub progress: Option<OnProgress<'a>>,
    /// Suspects reported, at most.
    pub top_suspects: usize,
    /// Bytes of growth below which nothing is suspected.
    pub min_growth_bytes: u64,
    /// Look for source maps beside the scripts, or in them.
    pub source_maps: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            progress: None,
            top_suspects: 20,
            min_growth_bytes: 4096,
            source_maps: true,
        }
    }
}

/// The capture of a heap, compared with `earlier` ones, oldest first: at most [`MAX_BYTES`].
pub fn of(
    heap: &Heap,
    earlier: &[Captured],
    options: &Options<'_>,
) -> Result<Vec<u8>, SnapshotError> {
    let reporter = Reporter {
        callback: options.progress,
        file: earlier.len(),
    };
    reporter.report(Phase::Compare, 0, 3)?;
    let scripts = Scripts::new(&heap.graph);
    let version = node_version(heap);
    let mut originals = options
        .source_maps
        .then(|| Originals::new(&heap.graph, &scripts));
    let mut header = json!({
        "summary": summary(heap, &scripts),
        "contexts": contexts::count(&heap.graph),
        "nodeVersion": version,
    });
    let mut limit = MAX_SHAPES;
    let floor = (heap.total_size() / SHARE).max(LEAST);
    let mut recorded = growth::record(heap, floor, limit);
    reporter.report(Phase::Compare, 1, 3)?;
    let mut portraits = portraits::of(heap, &scripts, &recorded, &mut originals);
    reporter.report(Phase::Compare, 2, 3)?;
    if !earlier.is_empty() {
        let mut diff = exactly(heap, &scripts, &recorded.shapes, earlier, options);
        for suspect in &mut diff.suspects {
            suspect.node_version.clone_from(&version);
            if let Some(originals) = &mut originals {
                originals.apply(suspect);
            }
        }
        header["since"] = earlier.iter().map(Captured::digest).collect();
        header["diff"] = without_tree(report::diff_value(&diff));
    }
    reporter.report(Phase::Compare, 3, 3)?;
    // Names and paths may be of any length; a capture may not.
    loop {
        header["portraits"] = portraits.iter().map(|it| json!([it.0, it.1])).collect();
        let bytes = blob::encode(&header, &recorded.shapes)?;
        if bytes.len() <= MAX_BYTES {
            return Ok(bytes);
        }
        limit /= 2;
        recorded = growth::record(heap, floor, limit.max(1));
        portraits.clear();
        for list in ["/summary/classes", "/diff/classes", "/diff/suspects"] {
            if let Some(Value::Array(rows)) = header.pointer_mut(list) {
                rows.truncate(rows.len() / 2);
            }
        }
    }
}

fn summary(heap: &Heap, scripts: &Scripts) -> Value {
    let mut classes: Vec<ClassRow> = crate::snapshot::summary::class_rows(heap, scripts);
    let class_count = classes.len();
    classes.truncate(CLASSES);
    without_tree(report::summary_value(&Summary {
        file: info(heap),
        class_count,
        classes,
        tree: no_tree(),
    }))
}

fn info(heap: &Heap) -> FileInfo {
    crate::snapshot::summary::file_info("(capture)".as_ref(), heap)
}

/// With the graph of the last at hand, and its `shapes`.
fn exactly(
    heap: &Heap,
    scripts: &Scripts,
    shapes: &Shapes,
    earlier: &[Captured],
    options: &Options<'_>,
) -> Diff {
    let first = &earlier[0];
    let before = compare::realigned(earlier, shapes);
    let mut sides: Vec<Side<'_>> = before.iter().map(Side::Shapes).collect();
    sides.push(Side::heap(heap));
    let (before, after) = (first.total_bytes(), heap.total_size());
    let growth = after.saturating_sub(before);
    let refs: Vec<&Side<'_>> = sides.iter().collect();
    let growths = growing_shapes(&refs, options.min_growth_bytes);
    let located = if growths.is_empty() {
        Vec::new()
    } else {
        piles::locate(heap, growths)
    };
    let contexts = Contexts::since(first.contexts(), heap, None);
    let mut findings = suspects::tell(heap, scripts, located, growth, &contexts);
    findings.suspects.truncate(options.top_suspects);
    let (rows, count) = first.classes();
    let last = crate::snapshot::summary::class_rows(heap, scripts);
    let mut classes = compare::classes(&rows, count, &last, last.len());
    let class_count = classes.len();
    classes.truncate(DELTAS);
    let mut files: Vec<FileInfo> = earlier.iter().map(Captured::info).collect();
    files.push(info(heap));
    Diff {
        files,
        same_process: false,
        growth_bytes: after as i64 - before as i64,
        noise_bytes: findings.noise_bytes,
        class_count,
        classes,
        suspects: findings.suspects,
        tree: no_tree(),
    }
}

/// A capture has no dominator tree to look at.
fn no_tree() -> TreeNode {
    TreeNode {
        name: String::new(),
        node_type: "",
        shallow: 0,
        retained: 0,
        child_count: 0,
        children: Vec::new(),
        rest: Vec::new(),
    }
}

fn without_tree(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.remove("tree");
    }
    value
}
