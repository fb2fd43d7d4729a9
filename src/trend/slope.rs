//! By how much per tick? Theil–Sen.
//!
//! Theil, H. (1950) and Sen, P. K. (1968), Estimates of the regression coefficient based on Kendall's tau, JASA 63: the
//! median of the slopes of all pairs; the interval takes the slopes C ranks around it, C = z·√Var(S). A quarter of the
//! values may be arbitrarily wrong before the median goes with them.

use super::rank::MannKendall;

/// Two-sided 95 % of the normal distribution: the interval reported.
const Z95: f64 = 1.96;

/// A slope with its 95 % interval, in units per tick.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Slope {
    /// Median of the pairwise slopes.
    pub per_tick: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// The slopes of all pairs of a series, to be asked for a median and then for an interval.
#[derive(Debug, Clone)]
pub struct PairSlopes(Vec<f64>);

impl PairSlopes {
    /// All pairs whose ticks differ: n(n−1)/2 as a rule.
    #[must_use]
    pub fn of(ticks: &[f64], values: &[f64]) -> Self {
        let mut slopes = Vec::with_capacity(values.len() * values.len().saturating_sub(1) / 2);
        for i in 0..values.len() {
            for j in i + 1..values.len() {
                let run = ticks[j] - ticks[i];
                if run > 0.0 {
                    slopes.push((values[j] - values[i]) / run);
                }
            }
        }
        Self(slopes)
    }

    /// Theil–Sen estimate; 0 without a pair.
    pub fn median(&mut self) -> f64 {
        median(&mut self.0)
    }

    /// The estimate with its interval, widened as the test's variance is.
    pub fn interval(&mut self, test: &MannKendall) -> Slope {
        let per_tick = self.median();
        let pairs = self.0.len();
        if pairs == 0 {
            return Slope::default();
        }
        let reach = Z95 * test.deviation();
        let rank = |r: f64| r.clamp(0.0, (pairs - 1) as f64) as usize;
        let lower = rank(((pairs as f64 - reach) / 2.0).floor() - 1.0);
        let upper = rank(((pairs as f64 + reach) / 2.0).ceil());
        let low = *self.0.select_nth_unstable_by(lower, f64::total_cmp).1;
        let high = *self.0.select_nth_unstable_by(upper, f64::total_cmp).1;
        Slope {
            per_tick,
            low: low.min(per_tick),
            high: high.max(per_tick),
        }
    }
}

/// Theil–Sen slope of `values` over `ticks`; 0 for fewer than two points.
#[must_use]
pub fn theil_sen(ticks: &[f64], values: &[f64]) -> f64 {
    PairSlopes::of(ticks, values).median()
}

/// Median, reordering `values`; the mean of the middle two for an even count, 0 for none.
pub fn median(values: &mut [f64]) -> f64 {
    let count = values.len();
    if count == 0 {
        return 0.0;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(count / 2, f64::total_cmp);
    if count % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::MIN, f64::max);
    lower + (upper - lower) / 2.0
}
