//! What is recorded, and when.

use super::kind::GcKind;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// V8 has 8 to 14 spaces, depending on the version.
pub(super) const MAX_SPACES: usize = 16;

/// One collection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GcRecord {
    /// Number since recording began, from 0.
    pub seq: u64,
    /// What was collected.
    pub kind: GcKind,
    /// Epoch milliseconds, advancing with a monotonic clock.
    pub start_ms: f64,
    /// The pause in milliseconds.
    pub duration_ms: f64,
    /// Heap in use when it began, in bytes; `None` where reading it is too dear
    /// to be done for each minor GC (before Node 18).
    pub used_before: Option<u64>,
    /// Heap in use when it was over, in bytes.
    pub used_after: Option<u64>,
    /// Whether someone asked for it: `gc()`, `tick()`, a snapshot.
    pub forced: bool,
}

/// Bytes in use per space after one full GC, in the order of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceRecord {
    /// The [`GcRecord`] it belongs to.
    pub seq: u64,
    /// By space; zero past the last.
    pub used: [u64; MAX_SPACES],
}

/// How often and how long, per kind, since recording began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Collections.
    pub count: u64,
    /// Pauses, in milliseconds.
    pub duration_ms: f64,
}

/// Wall-clock milliseconds that cannot jump.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch_ms: f64,
    start: Instant,
}

impl Clock {
    /// Anchors the monotonic clock at the wall clock, once.
    pub fn new() -> Self {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            epoch_ms: epoch.map_or(0.0, |d| d.as_secs_f64() * 1000.0),
            start: Instant::now(),
        }
    }

    /// The anchor.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// Epoch milliseconds of a moment.
    pub fn at(&self, moment: Instant) -> f64 {
        self.epoch_ms + (moment.saturating_duration_since(self.start)).as_secs_f64() * 1000.0
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything a caller may want to see, copied out.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Per kind, in the order of [`GcKind::ALL`].
    pub totals: [Totals; GcKind::ALL.len()],
    /// GCs that could not be recorded.
    pub missed: u64,
    /// GCs recorded since the start, the ones pushed out included.
    pub gcs: u64,
    /// Baselines recorded since the start.
    pub baselines: u64,
}
