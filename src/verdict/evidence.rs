//! All that is measured about one look at one series.

use super::Thresholds;
use crate::trend::rank::MannKendall;
use crate::trend::slope::{PairSlopes, Slope};
use crate::trend::{Series, shape, stairs};

/// Why growth is not called a leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The rank test is not sure that it rises.
    NotSure,
    /// Slope or rise are below what matters.
    Small,
    /// It would do the same if it wandered at random.
    Wanders,
    /// A few steps make up most of it.
    FewSteps,
    /// It slows down or has gone flat.
    Plateau,
    /// It fell by as much before.
    GivenBack,
}

/// From when on growth matters, in the unit of the channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// Units per tick.
    pub floor: f64,
    /// Units in total.
    pub min_rise: f64,
    /// Units in total that make up for a slope below the floor.
    pub creep_rise: f64,
    /// Least height of a step of a staircase.
    pub step: f64,
    /// Least rise of a staircase.
    pub stairs_rise: f64,
    /// Units in total from which a rise that also multiplied what was there needs less of a steady pace.
    pub large_rise: f64,
}

/// Measurements of one look.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    pub slope: Slope,
    pub confidence: f64,
    pub rise: f64,
    pub fall: f64,
    pub drift: f64,
    pub kept: f64,
    pub early: f64,
    pub late: f64,
    pub late_error: f64,
    pub flat_end: bool,
    pub stairs: bool,
    pub points: usize,
    /// The least value.
    pub least: f64,
    /// Median growth over two ticks as a share of the mean one.
    pub typical: f64,
}

impl Evidence {
    /// Measures `series`; `fall` is the largest fall known at this resolution, within `series` or before it.
    pub fn of(series: &Series, fall: f64, scale: &Scale) -> Self {
        let mut pairs = PairSlopes::of(&series.ticks, &series.values);
        let per_tick = pairs.median();
        let test = MannKendall::of(&series.ticks, &series.values, per_tick);
        let slope = pairs.interval(&test);
        let noise = shape::noise(series, per_tick);
        let (early, late) = shape::thirds(series);
        let rise = shape::rise(&series.values);
        let steps = stairs::steps(series, scale.step);
        Self {
            slope,
            confidence: test.confidence(),
            rise,
            fall,
            drift: shape::drift(series),
            kept: shape::without_largest_steps(&series.values),
            early,
            late,
            late_error: shape::thirds_error(series),
            flat_end: shape::levelled_off(series, per_tick, noise, 0.5),
            stairs: stairs::keep_coming(series, &steps)
                && rise >= scale.stairs_rise
                && fall <= 0.1 * rise,
            points: series.len(),
            typical: shape::typical(&series.values),
            least: series.values.iter().copied().fold(f64::MAX, f64::min),
        }
    }

    /// Whether it has multiplied what was there, and everywhere along the way.
    pub fn is_large(&self, scale: &Scale) -> bool {
        self.rise >= scale.large_rise
            && self.rise >= MULTIPLIED * self.least
            && self.typical >= TYPICAL
    }

    /// Whether it neither slows down nor wanders, however few points there are.
    pub fn is_even(&self) -> bool {
        self.late >= EVEN * self.early
            && self.late > 0.0
            && self.kept >= 0.5
            && self.drift >= least_drift(self.points, DRIFT)
    }

    /// What speaks against a leak, the weightiest first; `None` if nothing does.
    pub fn doubt(&self, scale: &Scale, thresholds: &Thresholds) -> Option<Doubt> {
        let span_floor = self.rise >= scale.creep_rise;
        if self.stairs {
            return None;
        }
        if self.confidence < thresholds.confidence {
            return Some(Doubt::NotSure);
        }
        if self.rise < scale.min_rise
            || !(self.slope.low > scale.floor || (span_floor && self.slope.low > 0.0))
        {
            return Some(Doubt::Small);
        }
        if self.rise < thresholds.recovery * self.fall {
            return Some(Doubt::GivenBack);
        }
        if self.kept < 0.5 {
            return Some(Doubt::FewSteps);
        }
        let slows = self.late + self.late_error < thresholds.persistence * self.early
            || self.late < 0.5 * thresholds.persistence * self.early;
        if slows || self.flat_end {
            return Some(Doubt::Plateau);
        }
        let quantile = if self.is_large(scale) {
            DRIFT_LARGE
        } else {
            DRIFT
        };
        (self.drift < least_drift(self.points, quantile)).then_some(Doubt::Wanders)
    }
}

/// How sure it must be that the mean step is no accident, as a normal quantile: an error of 7e-5, small since a watcher
/// looks again at each tick.
const DRIFT: f64 = 3.8;

/// The same for a large rise. V8 collects in full when the heap has grown by a share, so a real leak has multiplied the
/// heap before there are two dozen natural baselines, and their steps carry floating garbage: it cannot be surer.
const DRIFT_LARGE: f64 = 2.4;

/// What the median growth over two ticks must be of the mean one for the rise to be everywhere: flat but for some steps, it
/// is near 0.
const TYPICAL: f64 = 0.4;

/// What the last of a few steps must keep of the first ones' pace.
const EVEN: f64 = 0.8;

/// The share of what was there at the least by which a large rise has grown.
const MULTIPLIED: f64 = 0.5;

/// Student's t that the mean step must reach for the one-sided error of the normal quantile `z` (Cornish–Fisher).
fn least_drift(points: usize, z: f64) -> f64 {
    let freedom = (points as f64 - 2.0).max(1.0);
    z + (z.powi(3) + z) / (4.0 * freedom)
}
