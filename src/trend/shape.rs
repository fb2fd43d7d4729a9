//! How does it rise? What tells a leak from everything else that grows for a while.

use super::{Series, slope};

/// Median absolute deviation to standard deviation, for normal noise.
const MAD_TO_SIGMA: f64 = 1.4826;

/// Least share of the increments' variance that counts as permanent; see [`drift`].
const LEAST_PERMANENT: f64 = 0.25;

/// The largest fall from any value to a later one: what the process has shown it can give back.
#[must_use]
pub fn fall(values: &[f64]) -> f64 {
    let mut peak = f64::MIN;
    values.iter().fold(0.0, |most: f64, &v| {
        peak = peak.max(v);
        most.max(peak - v)
    })
}

/// The rise of the floor: the least of the last sixth (two points at least) above the least of all. Never negative.
#[must_use]
pub fn rise(values: &[f64]) -> f64 {
    floor_now(values)
        .zip(least(values))
        .map_or(0.0, |(now, ever)| (now - ever).max(0.0))
}

/// The least of the last sixth of the values, of two at least: what is in use now, a peak left aside.
#[must_use]
pub fn floor_now(values: &[f64]) -> Option<f64> {
    let from = values.len().saturating_sub((values.len() / 6).max(2));
    least(&values[from..])
}

/// Standard deviation of the values about the line of slope `per_tick`, from the median absolute deviation.
#[must_use]
pub fn noise(series: &Series, per_tick: f64) -> f64 {
    let mut residual: Vec<f64> = series
        .ticks
        .iter()
        .zip(&series.values)
        .map(|(t, v)| v - per_tick * t)
        .collect();
    let middle = slope::median(&mut residual);
    for r in &mut residual {
        *r = (*r - middle).abs();
    }
    MAD_TO_SIGMA * slope::median(&mut residual)
}

/// Mean step over its standard error were the series a random walk: Student's t of the increments, 0 to 1000.
///
/// Rank tests take a random walk for a trend most of the time. Here the null hypothesis *is* the walk: its steps are
/// permanent and have mean 0. Noise about a line is not permanent, which shows as increments correlated at −0.5, so the
/// variance is corrected by 1 + 2ρ₁, the long-run variance if only neighbours are correlated (the idea of the variance
/// ratio test, Lo & MacKinlay 1988); ρ₁ is taken one standard error
/// higher, and the correction never goes below a quarter, since short series say little about ρ₁.
///
/// One step far larger than the rest would hide a steady leak behind its variance, so the larger of two is taken: t of all
/// increments, and, from 16 on, t with the largest replaced as in [`without_largest_steps`].
///
/// Points need not be evenly spaced: what growth at the mean rate would add between two of them is no deviation.
#[must_use]
pub fn drift(series: &Series) -> f64 {
    let steps: Vec<f64> = series.values.windows(2).map(|w| w[1] - w[0]).collect();
    let spans: Vec<f64> = series.ticks.windows(2).map(|w| w[1] - w[0]).collect();
    let plain = student(&steps, &spans);
    if steps.len() < 16 {
        return plain;
    }
    let mut tamed = steps;
    tame(&mut tamed);
    plain.max(student(&tamed, &spans))
}

/// The t of [`drift`] for increments over these spans.
fn student(steps: &[f64], spans: &[f64]) -> f64 {
    let n = steps.len() as f64;
    if steps.len() < 3 {
        return 0.0;
    }
    let mean = steps.iter().sum::<f64>() / n;
    let span = spans.iter().sum::<f64>() / n;
    let expected = |at: usize| {
        if span > 0.0 {
            mean * spans[at] / span
        } else {
            mean
        }
    };
    let off: Vec<f64> = (0..steps.len())
        .map(|at| steps[at] - expected(at))
        .collect();
    let squares: f64 = off.iter().map(|d| d * d).sum();
    let products: f64 = off.windows(2).map(|w| w[0] * w[1]).sum();
    if mean <= 0.0 {
        return 0.0;
    }
    let rho = if squares > 0.0 {
        products / squares
    } else {
        0.0
    };
    let permanent = (1.0 + 2.0 * (rho + n.sqrt().recip()).min(0.0)).max(LEAST_PERMANENT);
    let error = (squares / (n - 1.0) * permanent / n).sqrt();
    if error * 1000.0 <= mean {
        1000.0
    } else {
        mean / error
    }
}

/// Replaces the largest increments, one in 24 and one at least, by the median.
fn tame(steps: &mut [f64]) {
    let middling = slope::median(&mut steps.to_vec());
    for _ in 0..=steps.len() / 24 {
        if let Some(largest) = steps.iter_mut().max_by(|a, b| a.total_cmp(b)) {
            *largest = middling;
        }
    }
}

/// What is left of the net growth, 0 to 1, when the largest increments (one in 24, one at least) are replaced by the median.
#[must_use]
pub fn without_largest_steps(values: &[f64]) -> f64 {
    let mut steps: Vec<f64> = values.windows(2).map(|w| w[1] - w[0]).collect();
    let net: f64 = steps.iter().sum();
    if net <= 0.0 {
        return 0.0;
    }
    tame(&mut steps);
    (steps.iter().sum::<f64>() / net).clamp(0.0, 1.0)
}

/// The median growth from each value to the next but one, as a share of the mean one; 0 where nothing grows on the whole.
#[must_use]
pub fn typical(values: &[f64]) -> f64 {
    let mut growths: Vec<f64> = values.windows(3).map(|w| w[2] - w[0]).collect();
    let mean = growths.iter().sum::<f64>() / growths.len().max(1) as f64;
    if mean > 0.0 {
        slope::median(&mut growths) / mean
    } else {
        0.0
    }
}

/// Growth per tick from the first third to the middle one, and from there to the last, each third standing for its median.
#[must_use]
pub fn thirds(series: &Series) -> (f64, f64) {
    let third = (series.len() / 3).max(1);
    if series.len() < 3 {
        return (0.0, 0.0);
    }
    let last = series.len() - third;
    let middle = (series.len() - third) / 2;
    let centre = |from: usize| {
        let ticks = &series.ticks[from..from + third];
        (
            slope::median(&mut ticks.to_vec()),
            slope::median(&mut series.values[from..from + third].to_vec()),
        )
    };
    let (a, b, c) = (centre(0), centre(middle), centre(last));
    let rate = |from: (f64, f64), to: (f64, f64)| {
        if to.0 > from.0 {
            (to.1 - from.1) / (to.0 - from.0)
        } else {
            0.0
        }
    };
    (rate(a, b), rate(b, c))
}

/// Standard error of a rate from [`thirds`].
///
/// The values are taken for a smooth curve, plus noise that is gone at the next tick (variance ε), plus growth in uneven
/// amounts, which stays (variance η per tick): a local-level model (Harvey 1989). Second differences leave no curve, and
/// have variance 2η + 6ε and lag-2 covariance ε.
#[must_use]
pub fn thirds_error(series: &Series) -> f64 {
    let third = (series.len() / 3).max(1) as f64;
    let run = series.span() / 3.0;
    let bends: Vec<f64> = series
        .values
        .windows(3)
        .map(|w| w[2] - 2.0 * w[1] + w[0])
        .collect();
    if bends.len() < 4 || run <= 0.0 {
        return 0.0;
    }
    let count = bends.len() as f64;
    let variance = bends.iter().map(|b| b * b).sum::<f64>() / count;
    let covariance = bends.windows(3).map(|w| w[0] * w[2]).sum::<f64>() / count;
    let passing = covariance.clamp(0.0, variance / 6.0);
    let lasting = variance / 2.0 - 3.0 * passing;
    // 1.57: a median of normal values has π/2 times the variance of their mean.
    (1.57 * passing * 2.0 / third + lasting * third).sqrt() / run
}

/// Whether the end is flat: some tail (a sixth, a quarter, a third of the series; four points at least) grows at less than
/// `share` of `per_tick`, by two standard errors.
#[must_use]
pub fn levelled_off(series: &Series, per_tick: f64, noise: f64, share: f64) -> bool {
    let n = series.len();
    [n / 6, n / 4, n / 3]
        .iter()
        .map(|&m| m.max(4))
        .filter(|&m| m < n)
        .any(|m| {
            let tail = series.tail(m);
            let spacing = tail.span() / (m as f64 - 1.0);
            if spacing <= 0.0 {
                return false;
            }
            let rate = slope::theil_sen(&tail.ticks, &tail.values);
            // √12 / m^1.5: standard error of a slope over m evenly spaced points.
            let error = noise * 12.0_f64.sqrt() / (m as f64).powf(1.5) / spacing;
            rate + 2.0 * error < share * per_tick
        })
}

fn least(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(f64::min)
}
