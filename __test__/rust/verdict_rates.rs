//! How often the verdict is right: a Monte-Carlo catalogue of leaks and of what only looks like one.
//!
//! `LEAKWATCH_RUNS=150 cargo test --release --test verdict_rates -- --nocapture` prints the tables in full.

#![allow(clippy::print_stdout, reason = "the rates are the result")]

mod series;

use leakwatch::trend::LongSeries;
use leakwatch::verdict::{Verdict, combine};
use series::rng::Rng;
use series::{KB, Noise, Shape, controls, leaks, run, verdict};

const LENGTHS: [usize; 7] = [8, 12, 20, 30, 60, 120, 240];

const RUNS: &str = "LEAKWATCH_RUNS";

/// Runs of each shape, noise and length. `LEAKWATCH_RUNS` asks for more.
fn runs(usual: usize) -> usize {
    std::env::var(RUNS)
        .ok()
        .and_then(|r| r.parse().ok())
        .unwrap_or(usual)
}

/// Whether the full tables are wanted.
fn asked() -> bool {
    std::env::var_os(RUNS).is_some()
}

/// Share of runs called leaking at their end.
fn rate(
    shape: Shape,
    noise: Noise,
    ticks: usize,
    count: usize,
    unit: impl Fn(&mut Rng) -> f64,
) -> f64 {
    let hits = (0..count).filter(|&seed| {
        let mut rng = Rng::new((seed * 7919 + ticks * 31 + noise as usize) as u64);
        let unit = unit(&mut rng);
        verdict(&run(&mut rng, shape, noise, ticks, unit)).verdict == Verdict::Leaking
    });
    hits.count() as f64 / count as f64
}

/// Share of runs called leaking at any moment.
fn ever(
    shape: Shape,
    noise: Noise,
    ticks: usize,
    count: usize,
    unit: impl Fn(&mut Rng) -> f64,
) -> f64 {
    let hits = (0..count).filter(|&seed| {
        let mut rng = Rng::new((seed * 104_729 + ticks * 17 + noise as usize) as u64);
        let unit = unit(&mut rng);
        let baselines = run(&mut rng, shape, noise, ticks, unit);
        let looks = (4..=ticks).filter(|&n| n < 30 || n % 6 == 0);
        looks
            .into_iter()
            .any(|n| verdict(&baselines[..n]).verdict == Verdict::Leaking)
    });
    hits.count() as f64 / count as f64
}

fn control_unit(noise: Noise) -> impl Fn(&mut Rng) -> f64 {
    move |rng| noise.deviation() * 10.0_f64.powf(rng.within(-0.3, 2.5))
}

/// From twice the noise to a hundred times, and from twice the floor below which growth is left alone.
fn leak_unit(noise: Noise) -> impl Fn(&mut Rng) -> f64 {
    let share = if noise == Noise::Natural { 0.5 } else { 2.0 };
    move |rng| (share * noise.deviation()).max(5.0 * KB) * 10.0_f64.powf(rng.within(0.0, 1.7))
}

fn percent(rate: f64) -> String {
    format!("{:5.1}", rate * 100.0)
}

#[test]
fn what_does_not_leak_is_not_called_leaking() {
    let count = runs(40);
    println!("false alarms at the end of the run, %; columns: ticks {LENGTHS:?}");
    let mut worst: Vec<String> = Vec::new();
    for (name, shape, allowed, _) in controls::ALL {
        let mut sum = 0.0;
        for noise in Noise::ALL {
            let rates: Vec<f64> = LENGTHS
                .iter()
                .map(|&n| rate(shape, noise, n, count, control_unit(noise)))
                .collect();
            sum += rates.iter().sum::<f64>();
            let cells: Vec<String> = rates.iter().map(|&r| percent(r)).collect();
            println!("{name:34} {:8} {}", format!("{noise:?}"), cells.join(" "));
        }
        let mean = sum / (Noise::ALL.len() * LENGTHS.len()) as f64;
        if mean > allowed {
            worst.push(format!("{name}: {}", percent(mean)));
        }
    }
    assert!(worst.is_empty(), "too many false alarms: {worst:?}");
}

#[test]
fn nobody_is_alarmed_during_a_healthy_run() {
    let count = runs(50);
    println!(
        "alarmed at any moment of 120 ticks, %; columns: {:?}",
        Noise::ALL
    );
    let mut worst: Vec<String> = Vec::new();
    for (name, shape, _, allowed) in controls::ALL {
        if allowed >= 1.0 && !asked() {
            continue;
        }
        let rates: Vec<f64> = Noise::ALL
            .iter()
            .map(|&noise| ever(shape, noise, 120, count, control_unit(noise)))
            .collect();
        let cells: Vec<String> = rates.iter().map(|&r| percent(r)).collect();
        println!("{name:34} {}", cells.join(" "));
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        if mean > allowed {
            worst.push(format!("{name}: {}", percent(mean)));
        }
    }
    assert!(worst.is_empty(), "too many alarmed: {worst:?}");
}

#[test]
fn leaks_are_found() {
    let count = runs(40);
    println!("leaks found at the end of the run, %; columns: ticks {LENGTHS:?}");
    let mut missed: Vec<String> = Vec::new();
    for (name, shape, from, wanted) in leaks::ALL {
        for noise in Noise::ALL {
            let rates: Vec<f64> = LENGTHS
                .iter()
                .map(|&n| rate(shape, noise, n, count, leak_unit(noise)))
                .collect();
            let cells: Vec<String> = rates.iter().map(|&r| percent(r)).collect();
            println!("{name:34} {:8} {}", format!("{noise:?}"), cells.join(" "));
            let least = if noise == Noise::Natural {
                2 * from
            } else {
                from
            };
            let (sum, n) = LENGTHS
                .iter()
                .zip(&rates)
                .filter(|(n, _)| **n >= least)
                .fold((0.0, 0.0), |a, r| (a.0 + r.1, a.1 + 1.0));
            if sum / n < wanted {
                missed.push(format!("{name} {noise:?}: {}", percent(sum / n)));
            }
        }
    }
    assert!(missed.is_empty(), "too few found: {missed:?}");
}

/// Share of runs of 2000 ticks ever alarmed: by the last 240 baselines alone, and joined with the long series.
#[test]
fn the_long_series_adds_no_alarms() {
    let count = runs(4);
    println!("alarmed at any of 2000 ticks, %: recent alone, joined");
    let (mut alone_all, mut joined_all) = (0.0, 0.0);
    for (name, shape, _, allowed) in controls::ALL {
        if allowed >= 1.0 {
            continue;
        }
        let (mut alone, mut joined) = (0_u32, 0_u32);
        for seed in 0..count {
            let noise = Noise::ALL[seed % 4];
            let mut rng = Rng::new(seed as u64 + 5);
            let unit = control_unit(noise)(&mut rng);
            let all = run(&mut rng, shape, noise, 2000, unit);
            let mut long = LongSeries::default();
            let (mut near_rang, mut both_rang) = (false, false);
            for (i, baseline) in all.iter().enumerate() {
                long.push(baseline);
                if i % 25 == 0 {
                    let near = verdict(&all[i.saturating_sub(239)..=i]);
                    near_rang |= near.verdict == Verdict::Leaking;
                    let far = verdict(long.as_slice());
                    both_rang |= combine(near, &far).verdict == Verdict::Leaking;
                }
            }
            alone += u32::from(near_rang);
            joined += u32::from(both_rang);
        }
        let share = |n: u32| f64::from(n) / count as f64;
        println!(
            "{name:34} {} {}",
            percent(share(alone)),
            percent(share(joined))
        );
        alone_all += share(alone);
        joined_all += share(joined);
    }
    assert!(
        joined_all <= alone_all + 0.2,
        "{alone_all} alone, {joined_all} joined"
    );
}
