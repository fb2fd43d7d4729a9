//! Does it rise at all? Mann–Kendall, corrected for autocorrelation.
//!
//! * Mann, H. B. (1945), Nonparametric tests against trend, Econometrica 13; Kendall, M. G. (1975), Rank Correlation
//!   Methods: the statistic S counts rising pairs minus falling ones; its variance under "no trend", ties included.
//! * Hamed, K. H. & Rao, A. R. (1998), A modified Mann–Kendall trend test for autocorrelated data, J. Hydrology 204: the
//!   variance grows with the autocorrelation of the ranks left when the trend is taken out.
//!
//! Only signs are used, so neither one spike nor the unit matters.

/// Autocorrelations weaker than this many standard errors (1/√n) are taken for zero: 5 % two-sided.
const SIGNIFICANT_LAG: f64 = 1.96;

/// Result of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannKendall {
    /// Rising pairs minus falling pairs.
    pub s: f64,
    /// Variance of S if values were independent and had no trend.
    pub variance: f64,
    /// By how much autocorrelation widens the variance; at least 1.
    pub inflation: f64,
}

impl MannKendall {
    /// Tests `values` in their order; `slope` and `ticks` (the trend and its abscissae) are what the correction takes out.
    #[must_use]
    pub fn of(ticks: &[f64], values: &[f64], slope: f64) -> Self {
        Self {
            s: statistic(values),
            variance: variance(values),
            inflation: inflation(ticks, values, slope),
        }
    }

    /// Standard deviation of S with the correction.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        (self.variance * self.inflation).sqrt()
    }

    /// S in standard deviations, with the usual correction for continuity; 0 where nothing differs.
    #[must_use]
    pub fn z(&self) -> f64 {
        let deviation = self.deviation();
        if deviation <= 0.0 || self.s == 0.0 {
            0.0
        } else {
            (self.s - self.s.signum()) / deviation
        }
    }

    /// One-sided confidence that the values rise, 0 to 1.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        normal_cdf(self.z())
    }
}

/// S: rising pairs minus falling pairs.
#[must_use]
pub fn statistic(values: &[f64]) -> f64 {
    let mut s = 0_i64;
    for (i, a) in values.iter().enumerate() {
        for b in &values[i + 1..] {
            s += i64::from(b > a) - i64::from(b < a);
        }
    }
    s as f64
}

/// Var(S) with ties: (n(n−1)(2n+5) − Σ t(t−1)(2t+5)) / 18 over groups of t equal values.
#[must_use]
pub fn variance(values: &[f64]) -> f64 {
    let term = |count: usize| {
        let n = count as f64;
        n * (n - 1.0) * (2.0 * n + 5.0)
    };
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|group| term(group.len()))
        .sum();
    ((term(values.len()) - ties) / 18.0).max(0.0)
}

/// The factor n/n* of Hamed & Rao over lags up to a third of the series, never below 1.
///
/// Negative autocorrelation would narrow the variance; a watcher that must not cry wolf does not use that.
#[must_use]
pub fn inflation(ticks: &[f64], values: &[f64], slope: f64) -> f64 {
    let count = values.len();
    if count < 6 {
        return 1.0;
    }
    let n = count as f64;
    let mut residual: Vec<f64> = ticks
        .iter()
        .zip(values)
        .map(|(t, v)| v - slope * t)
        .collect();
    quantize(&mut residual, values);
    let ranks = ranks(&residual);
    let mean = (n + 1.0) / 2.0;
    let spread: f64 = ranks.iter().map(|r| (r - mean).powi(2)).sum();
    if spread <= 0.0 {
        return 1.0;
    }
    let bound = SIGNIFICANT_LAG / n.sqrt();
    let mut sum = 0.0;
    for lag in 1..=count / 3 {
        let product: f64 = ranks
            .iter()
            .zip(&ranks[lag..])
            .map(|(a, b)| (a - mean) * (b - mean))
            .sum();
        let rho = product / spread;
        if rho.abs() > bound {
            let k = lag as f64;
            sum += (n - k) * (n - k - 1.0) * (n - k - 2.0) * rho;
        }
    }
    (1.0 + 2.0 * sum / (n * (n - 1.0) * (n - 2.0))).max(1.0)
}

/// Ranks from 1, equal values sharing their mean rank.
#[must_use]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = below as f64 + (group.len() as f64 + 1.0) / 2.0;
        for &i in group {
            ranks[i] = rank;
        }
        below += group.len();
    }
    ranks
}

/// Rounds residuals to a billionth of the values' range, so that rounding errors of a straight line do not get ranks.
fn quantize(residual: &mut [f64], values: &[f64]) {
    let (low, high) = values
        .iter()
        .fold((f64::MAX, f64::MIN), |(l, h), &v| (l.min(v), h.max(v)));
    let step = (high - low) * 1e-9;
    if step > 0.0 {
        for r in residual {
            *r = (*r / step).round();
        }
    }
}

/// Standard normal distribution function, to 1.5e-7 (Abramowitz & Stegun 1964, 7.1.26).
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let upper = 0.5 * poly * (-x * x).exp();
    if z >= 0.0 { 1.0 - upper } else { upper }
}
