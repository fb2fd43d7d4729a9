//! Synthetic runs for the tests of `trend` and `verdict`: a small random generator, noise, leaks and what only looks like one.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod controls;
pub mod leaks;
pub mod rng;

use leakwatch::trend::Baseline;
use leakwatch::verdict::{Limits, Thresholds, Trend, judge};
use rng::Rng;

/// Limits of a 64-bit Node process with 16 GB.
pub const LIMITS: Limits = Limits {
    heap_limit: 4_345_298_944,
    memory_limit: Some(16_000_000_000),
};

/// A kilobyte, as the verdict writes it.
pub const KB: f64 = 1000.0;

/// What lies on top of the live heap when a baseline is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// Forced collections of a process that does nothing else: ±1 KB.
    Quiet,
    /// Forced collections of a healthy process: ±3 KB, a warm-up of 5 to 100 KB, creep below 1 KB a tick.
    Usual,
    /// Forced collections under load: autocorrelated, deviation 30 KB.
    Busy,
    /// Natural collections: floating garbage, exponential with a mean of 1 MB.
    Natural,
}

impl Noise {
    pub const ALL: [Self; 4] = [Self::Quiet, Self::Usual, Self::Busy, Self::Natural];

    /// Its standard deviation in bytes.
    pub fn deviation(self) -> f64 {
        match self {
            Self::Quiet => KB,
            Self::Usual => 2.0 * KB,
            Self::Busy => 30.0 * KB,
            Self::Natural => 1000.0 * KB,
        }
    }

    pub fn forced(self) -> bool {
        self != Self::Natural
    }

    fn of(self, rng: &mut Rng, ticks: usize) -> Vec<f64> {
        let (cost, speed, creep) = (
            rng.within(5.0, 100.0),
            rng.within(1.5, 4.0),
            rng.within(0.0, 0.9),
        );
        let mut wave = 0.0;
        (0..ticks)
            .map(|i| match self {
                Self::Quiet => rng.within(-1.7, 1.7) * KB,
                Self::Usual => {
                    let warm = cost * (1.0 - (-(i as f64) / speed).exp());
                    (warm + creep * i as f64 + rng.within(-3.0, 3.0)) * KB
                }
                Self::Busy => {
                    wave = 0.5 * wave + 0.866 * rng.normal();
                    30.0 * KB * wave
                }
                Self::Natural => 1000.0 * KB * rng.exponential(),
            })
            .collect()
    }
}

/// How a run's live heap moves, in bytes above its start; `unit` is the size that shows above the noise.
pub type Shape = fn(&mut Rng, ticks: usize, unit: f64) -> Vec<f64>;

/// A run: shape plus noise on a base of 5 to 60 MB, at uneven times.
pub fn run(rng: &mut Rng, shape: Shape, noise: Noise, ticks: usize, unit: f64) -> Vec<Baseline> {
    let base = rng.within(5e6, 60e6);
    let live = shape(rng, ticks, unit);
    let noise_values = noise.of(rng, ticks);
    let mut time_ms = 1.7e12;
    live.iter()
        .zip(&noise_values)
        .enumerate()
        .map(|(i, (live, noise_value))| {
            time_ms += rng.within(50.0, 5000.0);
            let used = (base + live + noise_value).max(0.0) as u64;
            Baseline {
                index: i as u64,
                time_ms,
                heap_used: used,
                external: 1_500_000,
                array_buffers: Some(10_000),
                rss: 90_000_000,
                native_contexts: Some(1),
                detached_contexts: Some(0),
                forced: noise.forced(),
                ..Baseline::default()
            }
        })
        .collect()
}

/// The verdict with the defaults.
pub fn verdict(baselines: &[Baseline]) -> Trend {
    judge(baselines, &LIMITS, &Thresholds::default())
}
