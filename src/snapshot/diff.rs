//! Two or more snapshots in, class deltas and suspects out.

use std::path::{Path, PathBuf};

use crate::snapshot::SnapshotError;
use crate::snapshot::class_deltas::{ClassDelta, compare_classes};
use crate::snapshot::contexts::Contexts;
use crate::snapshot::growth::{self, Growth, Side};
use crate::snapshot::heap::{Heap, processors};
use crate::snapshot::ids;
use crate::snapshot::kind::NodeType;
use crate::snapshot::largest::{TreeNode, largest};
use crate::snapshot::originals::Originals;
use crate::snapshot::piles;
use crate::snapshot::progress::{OnProgress, Phase, Reporter};
use crate::snapshot::scripts::Scripts;
use crate::snapshot::spare::Spare;
use crate::snapshot::summary::{self, FileInfo};
use crate::snapshot::suspect::Suspect;
use crate::snapshot::suspects;

/// How to compare.
#[derive(Clone, Copy)]
pub struct DiffOptions<'a> {
    /// Told of progress; may stop the analysis.
    pub progress: Option<OnProgress<'a>>,
    /// Suspects reported, at most.
    pub top_suspects: usize,
    /// Classes reported, largest change first; 0 reports all.
    pub top_classes: usize,
    /// Bytes from the first snapshot to the last below which nothing is suspected; `None` goes by the heaps.
    pub min_growth_bytes: Option<u64>,
    /// Whether ids are common to the files; `None` finds out.
    pub same_process: Option<bool>,
    /// Look for source maps beside the scripts, or in them.
    pub source_maps: bool,
    /// Files loaded at the same time; 0 is as many as there are processors, up to two.
    pub threads: usize,
    /// The version of Node that wrote the files; `None` looks for it in the last.
    pub node_version: Option<&'a str>,
}

impl Default for DiffOptions<'_> {
    fn default() -> Self {
        DiffOptions {
            progress: None,
            top_suspects: 20,
            top_classes: 1000,
            min_growth_bytes: None,
            same_process: None,
            source_maps: true,
            threads: 0,
            node_version: None,
        }
    }
}

/// What changed.
#[derive(Clone, Debug)]
pub struct Diff {
    /// The files in the order given.
    pub files: Vec<FileInfo>,
    /// One id is one object in all files.
    pub same_process: bool,
    /// Bytes in the last snapshot less those in the first.
    pub growth_bytes: i64,
    /// Growth of V8's own that was left out of the suspects.
    pub noise_bytes: u64,
    /// How many classes changed, reported or not.
    pub class_count: usize,
    /// Classes by change of shallow size.
    pub classes: Vec<ClassDelta>,
    /// Suspects by growth.
    pub suspects: Vec<Suspect>,
    /// The dominator tree of the last snapshot, cut to what is large.
    pub tree: TreeNode,
}

/// Compares the snapshots at `paths`, oldest first.
pub fn diff(paths: &[PathBuf], options: &DiffOptions<'_>) -> Result<Diff, SnapshotError> {
    if paths.len() < 2 {
        let what = format!(
            "a comparison needs at least two snapshots, but {} given",
            was(paths.len())
        );
        return Err(SnapshotError::Usage { what });
    }
    let heaps = load(paths, options)?;
    diff_heaps(paths, &heaps, options)
}

fn was(count: usize) -> String {
    if count == 1 {
        "1 was".into()
    } else {
        format!("{count} were")
    }
}

/// Compares heaps that are loaded; `paths` name them in the result.
pub fn diff_heaps(
    paths: &[PathBuf],
    heaps: &[Heap],
    options: &DiffOptions<'_>,
) -> Result<Diff, SnapshotError> {
    let [first, .., last] = heaps else {
        return Err(SnapshotError::Usage {
            what: "a comparison needs at least two snapshots".into(),
        });
    };
    let reporter = Reporter {
        callback: options.progress,
        file: heaps.len() - 1,
    };
    reporter.report(Phase::Compare, 0, 3)?;
    let same_process = options
        .same_process
        .unwrap_or_else(|| ids::have_common_ids(&first.graph, &last.graph));
    let newer_than = same_process.then(|| ids::newest_id(&first.graph));
    let (before, after) = (first.total_size(), last.total_size());
    let sizes: Vec<u64> = heaps.iter().map(Heap::program_size).collect();
    let floor = options
        .min_growth_bytes
        .unwrap_or_else(|| least_growth(&sizes));
    let mut growths = {
        let sides: Vec<Side<'_>> = heaps.iter().map(Side::heap).collect();
        growing_between(&sides.iter().collect::<Vec<_>>(), &sizes, newer_than, floor)
    };
    let moved_bytes = if newer_than.is_none() {
        let growth = sizes[sizes.len() - 1].saturating_sub(sizes[0]);
        growth::moved::take_out(first, last, growth, &mut growths)
    } else {
        0
    };
    growth::moved::count_again(first, last, &mut growths);
    reporter.report(Phase::Compare, 1, 3)?;
    let scripts = Scripts::new(&last.graph);
    let located = if growths.is_empty() {
        Vec::new()
    } else {
        piles::locate(last, growths)
    };
    let mut findings = suspects::tell(
        last,
        &scripts,
        located,
        after.saturating_sub(before),
        &Contexts::new(first, last, newer_than),
    );
    findings.suspects.truncate(options.top_suspects);
    let node_version = options
        .node_version
        .map(str::to_owned)
        .or_else(|| node_version(last));
    for suspect in &mut findings.suspects {
        suspect.node_version.clone_from(&node_version);
    }
    if options.source_maps {
        let mut originals = Originals::new(&last.graph, &scripts);
        findings
            .suspects
            .iter_mut()
            .for_each(|suspect| originals.apply(suspect));
    }
    reporter.report(Phase::Compare, 2, 3)?;
    let mut classes = compare_classes(first, last, &scripts, same_process);
    let class_count = classes.len();
    if options.top_classes > 0 {
        classes.truncate(options.top_classes);
    }
    reporter.report(Phase::Compare, 3, 3)?;
    Ok(Diff {
        files: paths
            .iter()
            .zip(heaps)
            .map(|(path, heap)| summary::file_info(path, heap))
            .collect(),
        same_process,
        growth_bytes: after as i64 - before as i64,
        noise_bytes: findings.noise_bytes + moved_bytes,
        class_count,
        classes,
        suspects: findings.suspects,
        tree: largest(last),
    })
}

/// `process.version`, as the snapshot has it; redaction takes it out.
pub(crate) fn node_version(heap: &Heap) -> Option<String> {
    let graph = &heap.graph;
    let classes = &heap.classes;
    let named: Vec<bool> = classes
        .table
        .iter()
        .map(|class| class.key.name == "process")
        .collect();
    (0_u32..)
        .zip(&classes.of)
        .filter(|&(node, &class)| named[class as usize] && graph.kind(node) == NodeType::Object)
        .filter_map(|(node, _)| graph.follow(node, "version"))
        .map(|version| graph.name(version).into_owned())
        .find(|version| version.starts_with('v'))
}

/// Bytes below which growth is nothing. Where the heap as a whole did not grow in every step, something small that did is
/// likely to have wandered; two snapshots cannot tell it from a leak at all.
pub(crate) fn least_growth(totals: &[u64]) -> u64 {
    const LEAST: u64 = 4096;
    let last = totals.last().copied().unwrap_or(0);
    if totals.windows(2).all(|step| step[0] < step[1]) {
        LEAST
    } else if totals.len() == 2 {
        LEAST.max(last / 200)
    } else {
        LEAST.max(last / 1000)
    }
}

/// Whether each step has a part of the growth, an eighth of an even share at least.
fn is_steady(totals: &[u64]) -> bool {
    let (Some(first), Some(last)) = (totals.first(), totals.last()) else {
        return false;
    };
    let steps = totals.len() as u64 - 1;
    let growth = last.saturating_sub(*first);
    totals
        .windows(2)
        .all(|step| step[1].saturating_sub(step[0]) * steps * 8 >= growth.max(1))
}

/// What grew between sides that may be shapes alone.
#[inline(never)]
pub(crate) fn growing_shapes(sides: &[&Side<'_>], floor: u64) -> Vec<Growth> {
    let sizes: Vec<u64> = sides.iter().map(|side| side.total_size()).collect();
    growing_between(sides, &sizes, None, floor)
}

/// What grew in every step. Where a snapshot in between was taken from another place in the program, the way to a leak
/// can look different in it; if the steps explain less than half of the growth, though the heap grew in each, the first
/// and the last decide alone. So they do for an array or a table, which grows by doubling.
fn growing_between(
    sides: &[&Side<'_>],
    sizes: &[u64],
    newer_than: Option<u32>,
    floor: u64,
) -> Vec<Growth> {
    let growth_bytes = sizes[sizes.len() - 1].saturating_sub(sizes[0]);
    let strict = growth::find(sides, newer_than, floor);
    let explained: u64 = strict.iter().map(|growth| growth.bytes).sum();
    if sides.len() == 2 || explained * 2 >= growth_bytes && !strict.is_empty() || growth_bytes == 0
    {
        return strict;
    }
    let ends = [sides[0], sides[sides.len() - 1]];
    let mut loose = growth::find(&ends, newer_than, floor);
    // What came once, and not in every step, was loaded or made once.
    let is_steady = is_steady(sizes);
    loose.retain(|growth| growth.in_place || is_steady && !growth.is_single());
    let loosely: u64 = loose.iter().map(|growth| growth.bytes).sum();
    if loosely > explained { loose } else { strict }
}

fn load(paths: &[PathBuf], options: &DiffOptions<'_>) -> Result<Vec<Heap>, SnapshotError> {
    let threads = match options.threads {
        0 => processors(),
        threads => threads,
    };
    let open = |file: usize, path: &Path, spare: &mut Spare| {
        let reporter = Reporter {
            callback: options.progress,
            file,
        };
        Heap::open_with(path, 1, spare, reporter)
    };
    if threads == 1 {
        // What one load needed for a while serves the next.
        let mut spare = Spare::lasting();
        return paths
            .iter()
            .enumerate()
            .map(|(file, path)| open(file, path, &mut spare))
            .collect();
    }
    let mut heaps = Vec::with_capacity(paths.len());
    for (chunk_index, chunk) in paths.chunks(threads).enumerate() {
        let results: Vec<Result<Heap, SnapshotError>> = std::thread::scope(|scope| {
            let handles: Vec<_> = chunk
                .iter()
                .enumerate()
                .map(|(index, path)| {
                    scope.spawn(move || {
                        open(chunk_index * threads + index, path, &mut Spare::default())
                    })
                })
                .collect();
            handles
                .into_iter()
                .map(|handle| {
                    handle
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        for result in results {
            heaps.push(result?);
        }
    }
    Ok(heaps)
}
