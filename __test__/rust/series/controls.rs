//! Runs that do not leak. `unit` is the size of what comes and goes, in bytes.

use super::{Shape, rng::Rng};

/// All of them: name, shape, false alarms allowed at the end of a run, and at any moment of it. Where the latter is 1, part of
/// the run cannot be told from a leak by anyone (a cache that is still filling), so only the end is asserted. A random walk has no bound, nor has a logarithm.
pub const ALL: [(&str, Shape, f64, f64); 24] = [
    ("flat", flat, 0.01, 0.02),
    ("warm-up", warm_up, 0.01, 0.02),
    ("one step", step, 0.01, 0.02),
    ("some steps at any time", steps, 0.01, 0.02),
    ("pool started at first", pool, 0.01, 0.02),
    ("burst, then idle", burst, 0.01, 0.02),
    ("spikes", spikes, 0.01, 0.02),
    ("sawtooth, many teeth", saw_many, 0.01, 0.02),
    ("sawtooth, teeth of any height", saw_uneven, 0.01, 1.0),
    ("square wave of load", square, 0.01, 0.02),
    ("autocorrelated 0.5", ar5, 0.01, 0.02),
    ("autocorrelated 0.9", ar9, 0.01, 0.02),
    ("mean-reverting 0.97", ar97, 0.01, 0.02),
    // A walk that has multiplied the heap and not come back looks like a leak to anyone.
    ("random walk", walk, 0.01, 0.08),
    ("buffer pool", buffers, 0.01, 0.02),
    ("small cache filling", small_cache, 0.01, 0.02),
    ("release after peak", decay, 0.01, 0.02),
    ("sawtooth, few teeth", saw_few, 0.01, 1.0),
    ("sine of load", sine, 0.01, 1.0),
    ("logarithmic", log, 0.15, 1.0),
    ("cache, bound at half", cache_half, 0.01, 1.0),
    ("cache, bound late", cache_late, 0.01, 1.0),
    ("cache, random keys", cache_random, 0.01, 1.0),
    ("cache, keys of Zipf", cache_zipf, 0.01, 1.0),
];

fn each(ticks: usize, value: impl FnMut(usize) -> f64) -> Vec<f64> {
    (0..ticks).map(value).collect()
}

fn flat(_: &mut Rng, ticks: usize, _: f64) -> Vec<f64> {
    vec![0.0; ticks]
}

fn warm_up(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let speed = rng.within(1.0, 3.0);
    each(ticks, |i| unit * (1.0 - (-(i as f64) / speed).exp()))
}

fn step(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let at = rng.whole(0, ticks);
    each(ticks, |i| if i < at { 0.0 } else { unit })
}

fn steps(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let at: Vec<(usize, f64)> = (0..rng.whole(2, 4))
        .map(|_| (rng.whole(0, ticks), unit * rng.within(0.2, 1.0)))
        .collect();
    each(ticks, |i| at.iter().filter(|s| i >= s.0).map(|s| s.1).sum())
}

fn pool(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let at: Vec<usize> = (0..rng.whole(2, 6)).map(|_| rng.whole(1, 6)).collect();
    each(ticks, |i| {
        unit * at.iter().filter(|&&s| i >= s).count() as f64
    })
}

fn burst(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let (from, length) = (
        rng.whole(2, ticks / 2),
        rng.whole(2, (ticks / 4).clamp(2, 5)),
    );
    each(ticks, |i| {
        let rise = unit * (i.clamp(from, from + length) - from) as f64;
        if i > from + length {
            rise * 0.6_f64.powi((i - from - length) as i32)
        } else {
            rise
        }
    })
}

fn spikes(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    each(ticks, |_| {
        if rng.chance(0.15) {
            unit * rng.exponential() * 3.0
        } else {
            0.0
        }
    })
}

fn saw_many(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let (period, phase) = (rng.whole(3, 6), rng.whole(0, 5));
    each(ticks, |i| unit * ((i + phase) % period) as f64)
}

fn saw_few(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let period = (ticks as f64 * rng.within(0.2, 0.45)).max(3.0) as usize;
    let phase = rng.whole(0, period);
    each(ticks, |i| unit * ((i + phase) % period) as f64)
}

fn saw_uneven(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let mut level = 0.0;
    each(ticks, |_| {
        level = if rng.chance(0.5) { 0.0 } else { level + unit };
        level
    })
}

fn square(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let mut on = false;
    each(ticks, |_| {
        on ^= rng.chance(0.15);
        if on { unit } else { 0.0 }
    })
}

fn auto(rng: &mut Rng, ticks: usize, unit: f64, rho: f64) -> Vec<f64> {
    let mut level = rng.normal();
    each(ticks, |_| {
        level = rho * level + (1.0 - rho * rho).sqrt() * rng.normal();
        unit * level
    })
}

fn ar5(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    auto(rng, ticks, unit, 0.5)
}

fn ar9(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    auto(rng, ticks, unit, 0.9)
}

fn ar97(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    auto(rng, ticks, unit, 0.97)
}

fn walk(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let mut level = 0.0;
    each(ticks, |_| {
        level += unit * rng.normal();
        level
    })
}

fn buffers(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let mut held = 0.0;
    each(ticks, |_| {
        held = (held + rng.whole(0, 4) as f64 - 2.0_f64).clamp(0.0, 6.0);
        unit * held
    })
}

fn small_cache(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let (rate, bound) = (rng.within(0.5, 1.5), rng.within(1.0, 3.0));
    each(ticks, |i| unit * (rate * i as f64).min(bound))
}

fn decay(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let speed = rng.within(2.0, ticks as f64 / 2.0);
    each(ticks, |i| 5.0 * unit * (-(i as f64) / speed).exp())
}

fn sine(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let (period, phase) = (
        ticks as f64 * rng.within(0.2, 0.6),
        rng.within(0.0, std::f64::consts::TAU),
    );
    each(ticks, |i| {
        5.0 * unit * (std::f64::consts::TAU * i as f64 / period + phase).sin()
    })
}

fn log(_: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    each(ticks, |i| 4.0 * unit * (1.0 + i as f64).ln())
}

fn full_at(ticks: usize, unit: f64, share: f64) -> Vec<f64> {
    let bound = ticks as f64 * share;
    each(ticks, |i| unit * (i as f64).min(bound))
}

fn cache_half(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let share = rng.within(0.3, 0.5);
    full_at(ticks, unit, share)
}

fn cache_late(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let share = rng.within(0.5, 0.7);
    full_at(ticks, unit, share)
}

/// Keys at random out of as many as the cache holds: the full state is reached as 1 − e^−t.
fn cache_random(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let speed = ticks as f64 * rng.within(0.1, 0.4);
    each(ticks, |i| {
        unit * speed * (1.0 - (-(i as f64) / speed).exp())
    })
}

/// Keys that follow Zipf's law: many come early, the last come late.
fn cache_zipf(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let lookups = rng.within(3.0, 6.0) * 200.0 / ticks as f64;
    each(ticks, |i| {
        let seen: f64 = (1..200)
            .map(|k| 1.0 - (-lookups * i as f64 / f64::from(k)).exp())
            .sum();
        unit * seen * ticks as f64 / 200.0
    })
}
