//! The measures against published examples, values derived by hand, and naive versions of themselves.

mod series;

use leakwatch::trend::rank::{MannKendall, inflation, normal_cdf, ranks, statistic, variance};
use leakwatch::trend::slope::{PairSlopes, median, theil_sen};
use leakwatch::trend::stairs::{Step, dwindle, keep_coming, steps};
use leakwatch::trend::{Baseline, LongSeries, Series, shape};
use series::rng::Rng;

fn line(values: &[f64]) -> Series {
    Series {
        ticks: (0..values.len()).map(|i| i as f64).collect(),
        values: values.to_vec(),
    }
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{a} is not {b}");
}

/// Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987), 16.4.1: five rises and one fall.
#[test]
fn kendall_s_as_in_gilbert() {
    close(statistic(&[10.0, 15.0, 14.0, 20.0]), 4.0);
}

/// Hollander & Wolfe, Nonparametric Statistical Methods, example 9.1, cloud seeding: two rises, eight falls; the ten pair
/// slopes have their middle at −0.0575 and −0.055.
#[test]
fn theil_sen_on_cloud_seeding() {
    let (years, ratios) = ([1.0, 2.0, 3.0, 4.0, 5.0], [1.26, 1.27, 1.12, 1.16, 1.03]);
    close(statistic(&ratios), -6.0);
    close(theil_sen(&years, &ratios), -0.05625);
}

#[test]
fn variance_counts_ties() {
    let without: Vec<f64> = (0..10).map(f64::from).collect();
    close(variance(&without), 125.0);
    // Ties of 2 and of 3 take away 2·1·9 and 3·2·11 of 10·9·25.
    let with = [1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    close(variance(&with), (2250.0 - 18.0 - 66.0) / 18.0);
    close(variance(&[7.0; 12]), 0.0);
}

#[test]
fn seven_rises_in_a_row_are_sure() {
    let values: Vec<f64> = (0..7).map(f64::from).collect();
    let test = MannKendall::of(&values, &values, 1.0);
    close(test.inflation, 1.0);
    close(test.z(), 20.0 / (7.0 * 6.0 * 19.0 / 18.0_f64).sqrt());
    assert!(test.confidence() > 0.998);
}

#[test]
fn normal_distribution_at_known_points() {
    for (z, p) in [
        (0.0, 0.5),
        (1.0, 0.841_344_7),
        (1.959_964, 0.975),
        (-1.644_854, 0.05),
        (3.0, 0.998_650_1),
    ] {
        assert!((normal_cdf(z) - p).abs() < 2e-7, "{z}");
    }
}

/// Hamed & Rao's factor, written straight from the paper.
fn naive_inflation(values: &[f64], slope: f64) -> f64 {
    let n = values.len();
    let rest: Vec<f64> = values
        .iter()
        .enumerate()
        .map(|(i, v)| v - slope * i as f64)
        .collect();
    // The line goes through pairs of points, so residuals are equal but for rounding.
    let rank = |v: f64| {
        let below = rest.iter().filter(|&&r| r < v - 1e-9).count() as f64;
        let equal = rest.iter().filter(|&&r| (r - v).abs() <= 1e-9).count() as f64;
        below + (equal + 1.0) / 2.0
    };
    let r: Vec<f64> = rest.iter().map(|&v| rank(v)).collect();
    let mean = r.iter().sum::<f64>() / n as f64;
    let spread: f64 = r.iter().map(|v| (v - mean) * (v - mean)).sum();
    let mut sum = 0.0;
    for k in 1..=n / 3 {
        let rho = (0..n - k)
            .map(|i| (r[i] - mean) * (r[i + k] - mean))
            .sum::<f64>()
            / spread;
        if rho.abs() > 1.96 / (n as f64).sqrt() {
            sum += ((n - k) * (n - k - 1) * (n - k - 2)) as f64 * rho;
        }
    }
    (1.0 + 2.0 / (n * (n - 1) * (n - 2)) as f64 * sum).max(1.0)
}

#[test]
fn correction_agrees_with_the_naive_one() {
    let mut rng = Rng::new(7);
    let mut widened = 0;
    for round in 0..200 {
        let (rho, n) = (f64::from(round % 10) / 10.0, 8 + (round as usize * 7) % 56);
        let mut level = 0.0;
        let values: Vec<f64> = (0..n)
            .map(|i| {
                level = rho * level + rng.normal();
                level + 0.1 * i as f64
            })
            .collect();
        let ticks: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let slope = theil_sen(&ticks, &values);
        let factor = inflation(&ticks, &values, slope);
        assert!(
            (factor - naive_inflation(&values, slope)).abs() < 1e-6,
            "round {round}"
        );
        widened += usize::from(factor > 1.0);
    }
    assert!(widened > 60, "autocorrelation was found {widened} times");
}

/// Nominal 95 % for independent noise.
#[test]
fn interval_covers_the_slope() {
    let mut rng = Rng::new(11);
    let covered = (0..400).filter(|_| {
        let values: Vec<f64> = (0..30)
            .map(|i| 2.0 * f64::from(i) + 5.0 * rng.normal())
            .collect();
        let Series { ticks, values } = line(&values);
        let mut pairs = PairSlopes::of(&ticks, &values);
        let test = MannKendall::of(&ticks, &values, pairs.median());
        let slope = pairs.interval(&test);
        slope.low <= 2.0 && 2.0 <= slope.high
    });
    assert!(covered.count() >= 372);
}

#[test]
fn ranks_and_medians_share_ties() {
    assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
    close(median(&mut [4.0, 1.0, 3.0, 2.0]), 2.5);
    close(median(&mut []), 0.0);
}

#[test]
fn shapes_of_a_sawtooth_and_of_a_curve() {
    close(shape::fall(&[1.0, 5.0, 2.0, 6.0, 4.0]), 3.0);
    close(shape::rise(&[1.0, 5.0, 2.0, 6.0, 4.0]), 3.0);
    let log: Vec<f64> = (0..30).map(|i| (10.0 + f64::from(i)).ln()).collect();
    let (early, late) = shape::thirds(&line(&log));
    assert!(late < 0.73 * early);
    let straight: Vec<f64> = (0..30).map(f64::from).collect();
    assert_eq!(shape::thirds(&line(&straight)), (1.0, 1.0));
    close(shape::thirds_error(&line(&straight)), 0.0);
    close(shape::drift(&line(&straight)), 1000.0);
    assert!(shape::without_largest_steps(&[0.0, 0.0, 0.0, 9.0, 9.0, 9.0]) < 0.01);
}

#[test]
fn steps_that_dwindle_are_those_of_a_curve_that_flattens() {
    let of = |sizes: &[f64]| {
        let step = |(at, &size): (usize, &f64)| Step {
            tick: at as f64,
            size,
        };
        dwindle(&sizes.iter().enumerate().map(step).collect::<Vec<_>>())
    };
    assert!(of(&[560.0, 150.0, 90.0]) && of(&[560.0, 150.0, 200.0, 90.0]));
    assert!(!of(&[]) && !of(&[560.0]) && !of(&[100.0, 100.0]) && !of(&[64.0, 128.0, 256.0]));
}

#[test]
fn stairs_go_on_or_have_ended() {
    let doubling: Vec<f64> = (1..60)
        .map(|i| f64::from(u32::next_power_of_two(i)) * 1e5)
        .collect();
    let found = steps(&line(&doubling), 1e3);
    assert_eq!(found.len(), 6);
    assert!(keep_coming(&line(&doubling), &found));
    let mut ended = doubling;
    ended.extend([64e5; 90]);
    let ended = line(&ended);
    assert!(!keep_coming(&ended, &steps(&ended, 1e3)));
}

#[test]
fn minima_end_with_the_newest_point() {
    let coarse = line(&[9.0, 5.0, 4.0, 7.0, 6.0]).minima(2);
    assert_eq!(
        (coarse.ticks, coarse.values),
        (vec![1.5, 3.5], vec![4.0, 6.0])
    );
    assert_eq!(line(&[1.0; 500]).condensed(64).len(), 62);
}

#[test]
fn long_series_keeps_the_floor_of_the_whole_run() {
    let mut long = LongSeries::default();
    for index in 0..100_000_u64 {
        let heap_used = 1_000_000 + 10 * index + if index % 3 == 0 { 0 } else { 50_000 };
        long.push(&Baseline {
            index,
            heap_used,
            time_ms: index as f64,
            ..Baseline::default()
        });
        assert!(long.as_slice().len() < LongSeries::DEFAULT_CAPACITY);
    }
    let slots = long.as_slice();
    assert!(slots.len() >= LongSeries::DEFAULT_CAPACITY / 2 && long.stride() == 1024);
    for (i, slot) in slots.iter().enumerate() {
        let first = i as u64 * long.stride();
        assert_eq!(slot.index, first + long.stride() - 1);
        assert!(slot.heap_used <= 1_000_000 + 10 * (first + 2));
    }
    long.clear();
    assert!(long.as_slice().is_empty() && long.stride() == 1);
}
