//! Which baselines are judged, and on what axis.

use super::Thresholds;
use crate::trend::{Baseline, Series};

/// Natural baselines that are enough for a plain leak where eight are needed for any other.
const EARLY: usize = 6;

/// The baselines judged: warm-up left out, forced ones alone where there are enough.
pub(super) struct Window<'a> {
    picked: Vec<&'a Baseline>,
    warm_up: Vec<&'a Baseline>,
    ticks: Vec<f64>,
    /// Baselines there were of the kind picked, the warm-up included.
    pub available: usize,
    /// How many are needed for a verdict.
    pub needed: usize,
    /// Whether floating garbage must be reckoned with.
    pub natural: bool,
    /// Whether the warm-up may still be in sight.
    pub young: bool,
    /// Milliseconds per tick; `None` where the clock did not advance.
    pub ms_per_tick: Option<f64>,
}

/// One value of the baselines.
#[derive(Default)]
pub(super) struct Track {
    /// The ones judged.
    pub series: Series,
    /// The ones before, to be asked for what was given back. None once the run is old: what a process drops when it has
    /// started says nothing about later.
    pub before: Vec<f64>,
}

impl<'a> Window<'a> {
    /// Picks from `baselines`, which are in order.
    pub fn of(baselines: &'a [Baseline], thresholds: &Thresholds) -> Self {
        let forced = baselines.iter().filter(|b| b.forced).count();
        // Natural collections in between would add garbage, in mid-work, to a loop that ticks.
        let natural =
            forced * 3 < baselines.len() || forced < thresholds.min_forced.min(baselines.len());
        let mut picked: Vec<&Baseline> = baselines.iter().filter(|b| natural || b.forced).collect();
        let available = picked.len();
        let lasts = if natural {
            thresholds.warm_up / 2
        } else {
            thresholds.warm_up
        };
        let early = picked.iter().take_while(|b| b.index < lasts).count();
        let warm_up: Vec<&Baseline> = picked.drain(..early.min(available / 4)).collect();
        let share = available as f64 / baselines.len().max(1) as f64;
        let ticks = natural
            .then(|| clock_axis(&picked, share))
            .flatten()
            .unwrap_or_else(|| axis(&picked, share));
        Self {
            available,
            needed: if natural {
                thresholds.min_natural
            } else {
                thresholds.min_forced
            }
            .max(4),
            natural,
            young: picked
                .last()
                .is_none_or(|b| b.index < thresholds.warm_up.saturating_mul(2)),
            ms_per_tick: pace(&picked, &ticks),
            picked,
            warm_up,
            ticks,
        }
    }

    /// One value of each baseline judged, if all have it.
    pub fn track(&self, value: impl Fn(&Baseline) -> Option<u64>) -> Option<Track> {
        let of = |baselines: &[&Baseline]| -> Option<Vec<f64>> {
            baselines
                .iter()
                .map(|b| value(b).map(|v| v as f64))
                .collect()
        };
        let values = of(&self.picked)?;
        let before = if self.young {
            of(&self.warm_up)?
        } else {
            Vec::new()
        };
        Some(Track {
            series: Series {
                ticks: self.ticks.clone(),
                values,
            },
            before,
        })
    }

    /// Baselines judged.
    pub fn len(&self) -> usize {
        self.picked.len()
    }

    /// Whether there are too few natural ones, but enough for a leak that is plain ([`super::channel`]).
    pub fn may_be_early(&self) -> bool {
        self.natural
            && self.is_insufficient()
            && self.available >= EARLY
            && self.needed <= EARLY + 2
            && self.picked.len() > 4
    }

    /// Whether there are too few.
    pub fn is_insufficient(&self) -> bool {
        self.available < self.needed || self.picked.len() < 4
    }
}

/// Ticks since the first: by index, so that slots of a long series count for what they stand for, scaled to the share of
/// baselines picked; by position where indices do not rise.
fn axis(picked: &[&Baseline], share: f64) -> Vec<f64> {
    let first = picked.first().map_or(0, |b| b.index);
    if picked.windows(2).all(|w| w[0].index < w[1].index) {
        picked
            .iter()
            .map(|b| (b.index - first) as f64 * share)
            .collect()
    } else {
        (0..picked.len()).map(|i| i as f64).collect()
    }
}

/// Natural collections come when the heap has grown by so much, so a heap that fills up is seen ever less often: on the axis
/// of their count a leak would bend. Time is the axis then, in units of the mean tick; `None` where the clock did not
/// advance from each to the next.
fn clock_axis(picked: &[&Baseline], share: f64) -> Option<Vec<f64>> {
    let counted = axis(picked, share);
    let (first, last) = picked.first().zip(picked.last())?;
    let span = last.time_ms - first.time_ms;
    let unit = span / counted.last()?;
    let advances = picked.windows(2).all(|w| w[0].time_ms < w[1].time_ms);
    (advances && unit.is_finite() && unit > 0.0).then(|| {
        let time = |b: &&Baseline| (b.time_ms - first.time_ms) / unit;
        picked.iter().map(time).collect()
    })
}

fn pace(picked: &[&Baseline], ticks: &[f64]) -> Option<f64> {
    let (first, last) = picked.first().zip(picked.last())?;
    let pace = (last.time_ms - first.time_ms) / (ticks.last()? - ticks.first()?);
    (pace.is_finite() && pace > 0.0).then_some(pace)
}
