//! Trend and thresholds in, a verdict with its reason out.
//!
//! [`judge`] looks at each [`Channel`] by itself; the overall verdict is that of the worst. A channel is *leaking* when all
//! of this holds, and each condition is there because something harmless passes the others:
//!
//! | condition | turns away |
//! | --- | --- |
//! | enough baselines once the warm-up is left out | the first minutes: JIT, lazy loading, inline caches |
//! | Mann–Kendall, corrected for autocorrelation, is sure | noise |
//! | the lower bound of the slope is above a floor, the rise is material | V8's own creep of up to 1.5 KB a tick |
//! | the mean step is sure even if all steps were permanent | load that wanders, a random walk |
//! | growth is left without the largest steps | a module loaded late, a pool that grew |
//! | it neither slows down nor has gone flat | a cache that fills up, logarithmic growth |
//! | the floor rose by more than ever fell | caches that are swept, bursts |
//!
//! The alternative is a staircase that keeps coming ([`crate::trend::stairs`]). *Growing* is a sure rise that fails a
//! condition; the reason says which. On a small heap six natural baselines will do for a leak that is plain. RSS alone is never
//! more than growing: allocators keep memory after a burst.
//!
//! In messages KB, MB and GB are powers of 1000.

mod alarm;
mod channel;
mod evidence;
mod reason;
mod thresholds;
mod window;

pub use alarm::Alarm;
pub use thresholds::{Limits, Thresholds};

use crate::trend::Baseline;

/// What a run of baselines means, from best known to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Too few baselines to say anything.
    Insufficient,
    /// No growth, or none that matters.
    Steady,
    /// A sure rise that may yet be a cache filling up, a warm-up, or too small to matter.
    Growing,
    /// Grows without end as far as can be told.
    Leaking,
}

impl Verdict {
    /// The word used in the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Insufficient => "insufficient",
            Self::Steady => "steady",
            Self::Growing => "growing",
            Self::Leaking => "leaking",
        }
    }
}

/// What is judged by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// `heap_used`, in bytes.
    Heap,
    /// The larger of `external` and `array_buffers`, or `array_buffers` alone where that is worse; in bytes.
    External,
    /// `native_contexts`, a count.
    Contexts,
    /// `rss`, in bytes.
    Rss,
}

impl Channel {
    /// The word used in the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Heap => "heap",
            Self::External => "external",
            Self::Contexts => "contexts",
            Self::Rss => "rss",
        }
    }
}

/// How one channel moves. Units are bytes, or contexts for [`Channel::Contexts`]; a tick is one baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelTrend {
    /// Which channel.
    pub channel: Channel,
    /// What its movement means.
    pub verdict: Verdict,
    /// Growth per tick (Theil–Sen).
    pub per_tick: f64,
    /// Growth per second; 0 where the clock did not advance.
    pub per_second: f64,
    /// Lower end of the 95 % interval of `per_tick`.
    pub low: f64,
    /// Upper end of the 95 % interval of `per_tick`.
    pub high: f64,
    /// Confidence that it rises at all, 0 to 1; about 0.5 where nothing moves, near 0 where it falls.
    pub confidence: f64,
    /// Baselines judged, the warm-up left out; all there are if insufficient.
    pub ticks: usize,
    /// Rise of the floor over those baselines.
    pub rise: f64,
    /// Largest fall among them: what was given back before.
    pub fall: f64,
    /// The floor now: least of the last few baselines.
    pub level: f64,
    /// Milliseconds until the limit is reached at this rate; `None` if not growing, or without limit or clock.
    pub time_to_limit_ms: Option<f64>,
    /// One sentence for a person.
    pub reason: String,
}

/// The verdict over all channels; numbers are those of `channel`, but for leaked contexts, which are given in bytes of heap.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// The worst channel's verdict.
    pub verdict: Verdict,
    /// The worst channel.
    pub channel: Channel,
    /// Growth in bytes per tick.
    pub bytes_per_tick: f64,
    /// Growth in bytes per second; 0 where the clock did not advance.
    pub bytes_per_second: f64,
    /// Lower end of the 95 % interval of `bytes_per_tick`.
    pub low: f64,
    /// Upper end of the 95 % interval of `bytes_per_tick`.
    pub high: f64,
    /// Confidence that the channel rises, 0 to 1.
    pub confidence: f64,
    /// Baselines judged.
    pub ticks: usize,
    /// Milliseconds until the limit is reached at this rate; `None` if not growing, or without limit or clock.
    pub time_to_limit_ms: Option<f64>,
    /// One sentence for a person.
    pub reason: String,
    /// Each channel by itself: heap, external, contexts (where known), rss.
    pub channels: Vec<ChannelTrend>,
}

impl Trend {
    /// The trend of one channel, if it was judged.
    #[must_use]
    pub fn of(&self, channel: Channel) -> Option<&ChannelTrend> {
        self.channels.iter().find(|c| c.channel == channel)
    }
}

/// Judges a run of baselines, oldest first. Costs O(1) beyond reading the slice: at most 64 points are compared.
#[must_use]
pub fn judge(baselines: &[Baseline], limits: &Limits, thresholds: &Thresholds) -> Trend {
    overall(channel::judge_all(baselines, limits, thresholds))
}

/// Joins the verdict over the recent baselines with the one over the whole run ([`crate::trend::LongSeries`]).
///
/// Either may find a leak: the recent one soon, the long one if it is slow. Either may also know better. A recent rise
/// smaller than a fall seen earlier in the run is a cache between two sweeps; a rise over the run that has stopped, going
/// by the recent baselines, is a cache that is full. So joining takes alarms away rather than adding them up.
#[must_use]
pub fn combine(recent: Trend, long: &Trend) -> Trend {
    let channels = recent
        .channels
        .into_iter()
        .map(|near| match long.of(near.channel) {
            Some(far) => channel::combine(near, far),
            None => near,
        });
    overall(channels.collect())
}

/// The worst channel speaks for all; of equals the first in the order contexts, heap, external, rss, since that is the order
/// in which one explains the other.
fn overall(channels: Vec<ChannelTrend>) -> Trend {
    let order = [
        Channel::Contexts,
        Channel::Heap,
        Channel::External,
        Channel::Rss,
    ];
    let heap = channels.iter().find(|c| c.channel == Channel::Heap);
    let mut worst: Option<&ChannelTrend> = None;
    for candidate in order
        .iter()
        .filter_map(|&channel| channels.iter().find(|c| c.channel == channel))
    {
        // Contexts come first only when they leak: a steady count must not hide the heap's numbers.
        let silent = candidate.channel == Channel::Contexts && candidate.verdict < Verdict::Growing;
        if !silent && worst.is_none_or(|w| candidate.verdict > w.verdict) {
            worst = Some(candidate);
        }
    }
    let Some(worst) = worst else { return nothing() };
    let numbers = if worst.channel == Channel::Contexts {
        heap.unwrap_or(worst)
    } else {
        worst
    };
    Trend {
        verdict: worst.verdict,
        channel: worst.channel,
        bytes_per_tick: numbers.per_tick,
        bytes_per_second: numbers.per_second,
        low: numbers.low,
        high: numbers.high,
        confidence: worst.confidence,
        ticks: worst.ticks,
        time_to_limit_ms: numbers.time_to_limit_ms,
        reason: worst.reason.clone(),
        channels,
    }
}

/// The trend of nothing at all.
fn nothing() -> Trend {
    Trend {
        verdict: Verdict::Insufficient,
        channel: Channel::Heap,
        bytes_per_tick: 0.0,
        bytes_per_second: 0.0,
        low: 0.0,
        high: 0.0,
        confidence: 0.5,
        ticks: 0,
        time_to_limit_ms: None,
        reason: reason::insufficient(Channel::Heap, 0, 1),
        channels: Vec::new(),
    }
}
