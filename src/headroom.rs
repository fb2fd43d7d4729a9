//! Whether a snapshot is affordable: pure arithmetic over what [`crate::system`] read.
//!
//! V8 needs about 330 bytes per node while it builds a snapshot, and a heap has
//! one node per 46–65 bytes in use (Node 20: 0.75 M nodes in 49 MB, 5.9 M in
//! 283 MB, 20.7 M in 954 MB). RSS is what the kernel kills for, so RSS is what
//! is compared, never V8's own idea of its heap.

use crate::error::Error;
use std::path::Path;

/// V8's memory per node of a snapshot under construction, in bytes.
const BYTES_PER_NODE: f64 = 330.0;
/// Heap in use per node where no snapshot of this isolate has told it, in bytes.
const HEAP_PER_NODE: f64 = 46.0;
/// Size of the file per node, in bytes (55–72 seen, sources included).
const FILE_PER_NODE: f64 = 75.0;
/// A level-1 compressor leaves a fifth or less; a quarter is safe.
const COMPRESSED_SHARE: f64 = 0.25;
/// A copy's own pages: what its GC marks, and what the service writes to
/// meanwhile, as a share of the heap.
const COPIED_SHARE: f64 = 0.25;
/// Memory per node of the text and our own graph, where a copy analyses.
const ANALYSIS_PER_NODE: f64 = 170.0;
/// What is kept free for the service itself while the snapshot is built.
const RESERVE: u64 = 16 << 20;

/// What the system has left, in bytes; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Free {
    /// Under the tightest cgroup limit, reclaimable page cache included.
    pub cgroup: Option<u64>,
    /// On the machine, as `MemAvailable` has it.
    pub system: Option<u64>,
    /// On the target's file system.
    pub disk: Option<u64>,
    /// The cgroup is killed as a whole (`memory.oom.group`): a copy cannot go alone.
    pub together: bool,
}

/// What is to be done, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A file, in this process.
    Here {
        /// It is compressed on the way.
        compressed: bool,
    },
    /// A file, in a copy of the process.
    ForkedFile {
        /// It is compressed on the way.
        compressed: bool,
    },
    /// An analysis in a copy of the process; no file.
    ForkedAnalysis,
}

/// What a snapshot is expected to take, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Memory on top of what the process has.
    pub memory: u64,
    /// The file.
    pub disk: u64,
    /// It is compressed.
    pub compressed: bool,
}

/// Estimates from the heap in use and, if known, nodes per byte of the last
/// snapshot of this isolate.
pub fn estimate(heap_used: u64, nodes_per_byte: Option<f64>, work: Work) -> Need {
    let per_byte = nodes_per_byte.unwrap_or(1.0 / HEAP_PER_NODE);
    let nodes = heap_used as f64 * per_byte;
    let copied = heap_used as f64 * COPIED_SHARE;
    let file = nodes * FILE_PER_NODE;
    let share = |compressed| if compressed { COMPRESSED_SHARE } else { 1.0 };
    let (memory, disk) = match work {
        Work::Here { compressed } => (nodes * BYTES_PER_NODE, file * share(compressed)),
        Work::ForkedFile { compressed } => {
            (nodes * BYTES_PER_NODE + copied, file * share(compressed))
        }
        Work::ForkedAnalysis => (nodes * (BYTES_PER_NODE + ANALYSIS_PER_NODE) + copied, 0.0),
    };
    Need {
        memory: memory as u64,
        disk: disk as u64,
        compressed: matches!(
            work,
            Work::Here { compressed: true } | Work::ForkedFile { compressed: true }
        ),
    }
}

/// How much a copy may allocate before it ends itself: what there is, less the
/// reserve.
pub fn budget(free: Free) -> u64 {
    let least = free.cgroup.into_iter().chain(free.system).min();
    least.map_or(u64::MAX, |least| least.saturating_sub(RESERVE))
}

/// Refuses with the numbers if the snapshot does not fit.
pub fn check(need: Need, free: Free, heap_used: u64, directory: &Path) -> Result<(), Error> {
    let limits = [(free.cgroup, "cgroup"), (free.system, "system")];
    for (available, limited_by) in limits {
        let Some(available) = available else { continue };
        // Where the kernel would end the service with its copy, half as much again.
        let spare = if free.together { need.memory / 2 } else { 0 };
        if need.memory.saturating_add(RESERVE + spare) > available {
            return Err(Error::NotEnoughMemory {
                needed: need.memory,
                available,
                limited_by,
                heap_used,
            });
        }
    }
    match free.disk {
        Some(available) if need.disk > available => Err(Error::NotEnoughDisk {
            needed: need.disk,
            available,
            compressed: need.compressed,
            directory: directory.to_path_buf(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;
    const PLAIN: Work = Work::Here { compressed: false };

    #[test]
    fn the_estimate_covers_what_was_measured() {
        // Heap used, extra RSS and file size measured on Node 20.
        for (used, rss, file) in [(49, 250, 53), (283, 1_800, 324), (954, 6_700, 1_500)] {
            let need = estimate(used * MB, None, PLAIN);
            assert!(need.memory >= rss * MB, "{used} MB: {need:?}");
            assert!(need.memory <= rss * MB * 3 / 2, "{used} MB: {need:?}");
            assert!(need.disk >= file * MB, "{used} MB: {need:?}");
        }
    }

    #[test]
    fn the_last_snapshot_sharpens_it() {
        let rough = estimate(100 * MB, None, PLAIN);
        let known = estimate(100 * MB, Some(1.0 / 1000.0), PLAIN);
        assert!(known.memory * 10 < rough.memory);
    }

    #[test]
    fn refusals_carry_the_numbers() {
        let need = estimate(100 * MB, None, PLAIN);
        let tight = Free {
            cgroup: Some(need.memory),
            ..Free::default()
        };
        let error = check(need, tight, 100 * MB, Path::new("/data")).unwrap_err();
        assert_eq!(error.code(), "ERR_LEAKWATCH_NOT_ENOUGH_MEMORY");
        assert!(error.to_string().contains("717 MB"), "{error}");
        let full = Free {
            disk: Some(1),
            ..Free::default()
        };
        let error = check(need, full, 100 * MB, Path::new("/data")).unwrap_err();
        assert_eq!(error.code(), "ERR_LEAKWATCH_NOT_ENOUGH_DISK");
        assert!(check(need, Free::default(), 100 * MB, Path::new("/data")).is_ok());
    }

    #[test]
    fn a_copy_needs_more_and_ends_itself_before_the_kernel_must() {
        let here = estimate(100 * MB, None, PLAIN);
        let forked = estimate(100 * MB, None, Work::ForkedFile { compressed: false });
        assert_eq!(forked.memory, here.memory + 25 * MB);
        let analysis = estimate(100 * MB, None, Work::ForkedAnalysis);
        assert!(analysis.memory > forked.memory && analysis.disk == 0);
        let free = Free {
            cgroup: Some(900 * MB),
            system: Some(5000 * MB),
            ..Free::default()
        };
        assert_eq!(budget(free), 900 * MB - RESERVE);
        assert!(check(forked, free, 100 * MB, Path::new("/data")).is_ok());
        let together = Free {
            together: true,
            ..free
        };
        assert!(check(forked, together, 100 * MB, Path::new("/data")).is_err());
    }
}
