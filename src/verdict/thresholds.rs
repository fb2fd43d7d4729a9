//! From when on growth matters.

/// What memory may be used up to, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// V8's heap size limit; 0 if unknown.
    pub heap_limit: u64,
    /// What the process as a whole may use: the cgroup's limit, or the machine's memory.
    pub memory_limit: Option<u64>,
}

/// From when on growth matters. The defaults were chosen by simulation (`__test__/rust/verdict_rates.rs`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Forced baselines below which the verdict is *insufficient*. Default 6.
    pub min_forced: usize,
    /// The same for baselines of natural collections, which carry floating garbage. Default 8; up to 8, six will do for a leak
    /// that is plain.
    pub min_natural: usize,
    /// Baselines at the start of the run that may belong to its warm-up; at most a quarter of those given is left out.
    /// Default 10: code is optimised, and lazily loaded parts are there, after about as many rounds.
    pub warm_up: u64,
    /// Bytes per tick which the lower bound of the slope must exceed. Default 2560: healthy processes creep by 0.1 to 1 KB
    /// a tick through feedback vectors, maps and code.
    pub floor_bytes: f64,
    /// The same as a share of the limit of the channel. Default 1e-7: 0.4 KB for 4 GB, so it counts above 15 GB.
    pub floor_share: f64,
    /// Bytes the floor must have risen by over the baselines judged. Default 32 KiB.
    pub min_rise: f64,
    /// The same while the run is younger than twice the warm-up, which may cost as much by itself. Default 48 KiB.
    pub min_rise_young: f64,
    /// The same for baselines of natural collections. Default 256 KiB.
    pub min_rise_natural: f64,
    /// A rise so large in bytes that it matters though it came slower than the floor per tick. Default 4 MB.
    pub creep_rise: f64,
    /// The same as a share of the limit; the larger of the two counts. Default 0.001.
    pub creep_share: f64,
    /// Contexts per tick which the lower bound of the slope must exceed. Default 0.2.
    pub floor_contexts: f64,
    /// Contexts the floor must have risen by. Default 4: a pool of up to four sandboxes never rises by more once warm.
    pub min_contexts: f64,
    /// Confidence of Mann–Kendall, 0.5 to 1. Default 0.99; seven baselines in a row that rise give 0.996.
    pub confidence: f64,
    /// How many times the largest fall the floor must have risen by. Default 2.
    pub recovery: f64,
    /// What the last third must keep of the growth of the middle third. Default 0.73: log-like growth keeps 0.5 to 0.7.
    pub persistence: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            min_forced: 6,
            min_natural: 8,
            warm_up: 10,
            floor_bytes: 2560.0,
            floor_share: 1e-7,
            min_rise: 32_768.0,
            min_rise_young: 49_152.0,
            min_rise_natural: 262_144.0,
            creep_rise: 4e6,
            creep_share: 1e-3,
            floor_contexts: 0.2,
            min_contexts: 4.0,
            confidence: 0.99,
            recovery: 2.0,
            persistence: 0.73,
        }
    }
}
