//! Every pause of garbage collection, counted for good.
//!
//! The ring of records forgets; whoever asks once a minute must not miss what came in between. One thread writes, any
//! may read, and no lock is involved, so that a collection is counted even when its record could not be kept.

use super::kind::GcKind;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the buckets in microseconds. OpenTelemetry's boundaries for `v8js.gc.duration` (10 ms, 100 ms, 1 s,
/// 10 s) are among them; scavenges lie below the first of those.
pub const BOUNDS_US: [u64; 9] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 250_000, 1_000_000, 10_000_000,
];
/// One more: what is longer than the last bound.
pub const BUCKETS: usize = BOUNDS_US.len() + 1;

/// Pauses of one kind and length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// How many.
    pub count: u64,
    /// Their sum, in nanoseconds.
    pub nanos: u64,
}

/// The pauses of one isolate.
#[derive(Default)]
pub struct Pauses {
    kinds: [[Counter; BUCKETS]; GcKind::ALL.len()],
}

#[derive(Default)]
struct Counter {
    count: AtomicU64,
    nanos: AtomicU64,
}

impl Pauses {
    /// Counts one.
    pub fn add(&self, kind: GcKind, pause: Duration) {
        let nanos = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        // `le`, as both Prometheus and OpenTelemetry count.
        let at = BOUNDS_US.partition_point(|&bound| bound * 1000 < nanos);
        let counter = &self.kinds[kind.index()][at];
        counter.count.fetch_add(1, Relaxed);
        counter.nanos.fetch_add(nanos, Relaxed);
    }

    /// All of one kind, by bucket; not cumulative.
    pub fn of(&self, kind: GcKind) -> [Bucket; BUCKETS] {
        let counters = &self.kinds[kind.index()];
        std::array::from_fn(|at| Bucket {
            count: counters[at].count.load(Relaxed),
            nanos: counters[at].nanos.load(Relaxed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let pauses = Pauses::default();
        for micros in [0, 1_000, 1_001, 10_000_000, 10_000_001] {
            pauses.add(GcKind::Minor, Duration::from_micros(micros));
        }
        pauses.add(GcKind::Major, Duration::from_micros(7));
        let minor = pauses.of(GcKind::Minor);
        assert_eq!(minor.map(|b| b.count), [2, 1, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(minor[0].nanos, 1_000_000);
        assert_eq!(minor[BUCKETS - 1].nanos, 10_000_001_000);
        assert_eq!(pauses.of(GcKind::Major)[0].nanos, 7_000);
    }

    #[test]
    fn opentelemetrys_boundaries_are_among_ours() {
        for bound in [10_000, 100_000, 1_000_000, 10_000_000] {
            assert!(BOUNDS_US.contains(&bound));
        }
        assert!(BOUNDS_US.is_sorted());
    }
}
