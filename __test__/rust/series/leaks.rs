//! Runs that leak. `unit` is bytes per tick.

use super::{Shape, rng::Rng};

/// All of them: name, shape, fewest ticks from which it can be told, and the share to be found from there on. Uneven
/// leaks pause at times, and a pause at the end of the run rightly lowers the verdict for that moment.
pub const ALL: [(&str, Shape, usize, f64); 16] = [
    ("linear", linear, 12, 0.95),
    ("linear in uneven amounts", uneven, 12, 0.95),
    ("accelerating", accelerating, 12, 0.95),
    ("slowly changing rate", changing, 20, 0.9),
    ("rate of day and night", daily, 60, 0.95),
    ("rate falls to three quarters", calmer, 30, 0.95),
    ("on a sawtooth", sawtooth, 120, 0.95),
    ("on a square wave", square, 120, 0.95),
    ("on wandering load", wandering, 60, 0.95),
    ("begins late", late, 30, 0.95),
    ("in a third of the ticks", bursty, 60, 0.95),
    ("in a tenth of the ticks", rare, 240, 0.9),
    ("array that doubles, with elements", array, 20, 0.95),
    ("map of ids, table doubling", ids, 20, 0.95),
    ("one chunk every few ticks", chunks, 30, 0.95),
    ("small leak, one large step", stepped, 30, 0.95),
];

fn sum(ticks: usize, mut each: impl FnMut(f64) -> f64) -> Vec<f64> {
    let mut total = 0.0;
    (0..ticks)
        .map(|i| {
            total += each(i as f64);
            total
        })
        .collect()
}

fn linear(_: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    sum(ticks, |_| unit)
}

fn uneven(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    sum(ticks, |_| unit * rng.within(0.5, 1.5))
}

fn accelerating(_: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    sum(ticks, |i| unit * (0.5 + 1.5 * i / ticks as f64))
}

fn changing(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let mut rate = 1.0_f64;
    sum(ticks, |_| {
        rate = (rate + 0.1 * rng.normal()).clamp(0.6, 1.6);
        unit * rate
    })
}

fn daily(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let (phase, period) = (
        rng.within(0.0, std::f64::consts::TAU),
        rng.within(8.0, 16.0),
    );
    sum(ticks, |i| {
        unit * (1.0 + 0.8 * (phase + std::f64::consts::TAU * i / period).sin())
    })
}

fn calmer(_: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    sum(ticks, |i| {
        if i < ticks as f64 / 3.0 {
            unit
        } else {
            0.75 * unit
        }
    })
}

fn sawtooth(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let (period, phase) = (rng.whole(3, 8), rng.whole(0, 7));
    let height = rng.within(1.0, 4.0) * unit;
    let saw = |i: f64| height * ((i as usize + phase) % period) as f64;
    sum(ticks, |_| unit)
        .iter()
        .enumerate()
        .map(|(i, v)| v + saw(i as f64))
        .collect()
}

fn square(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let period = rng.whole(3, 6);
    let height = rng.within(3.0, 10.0) * unit;
    sum(ticks, |_| unit)
        .iter()
        .enumerate()
        .map(|(i, v)| {
            v + if (i / period).is_multiple_of(2) {
                0.0
            } else {
                height
            }
        })
        .collect()
}

fn wandering(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let mut load = 0.0;
    sum(ticks, |_| unit)
        .iter()
        .map(|v| {
            load = 0.9 * load + 0.44 * rng.normal();
            v + 3.0 * unit * load
        })
        .collect()
}

fn late(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let from = ticks as f64 * rng.within(0.2, 0.6);
    sum(ticks, |i| if i < from { 0.0 } else { unit })
}

fn bursty(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    sum(ticks, |_| {
        if rng.chance(1.0 / 3.0) {
            3.0 * unit
        } else {
            0.0
        }
    })
}

fn rare(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    sum(ticks, |_| if rng.chance(0.1) { 10.0 * unit } else { 0.0 })
}

fn array(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    // Elements of 56 bytes, 8 bytes for each slot of the store.
    let (per_tick, mut capacity) = (unit / 56.0, rng.within(16.0, 4000.0));
    let mut length = 0.0;
    (0..ticks)
        .map(|_| {
            length += per_tick;
            while length > capacity {
                capacity = capacity * 1.5 + 16.0;
            }
            length * 56.0 + capacity * 8.0
        })
        .collect()
}

fn chunks(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let every = rng.whole(2, 4) as f64;
    sum(ticks, |i| if i % every == 0.0 { unit * every } else { 0.0 })
}

fn stepped(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let at = rng.whole(0, ticks - 1) as f64;
    sum(ticks, |i| if i == at { 8.0 * unit } else { unit })
}

/// V8's `WeakArrayList` under `PrototypeInfo` on Node 12.15: `unit` bytes of slots a tick, half as large again when full.
pub fn weak_array_list(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let (mut length, mut capacity) = (rng.within(0.0, 200.0), 256.0);
    (0..ticks)
        .map(|_| {
            length += unit / 8.0;
            while length > capacity {
                capacity += (capacity / 2.0_f64).floor().max(2.0);
            }
            capacity * 8.0
        })
        .collect()
}

/// A map or a set of ids: entries of 32 bytes on a line, and a table of 24 bytes a slot that doubles.
fn ids(rng: &mut Rng, ticks: usize, unit: f64) -> Vec<f64> {
    let (per_tick, mut capacity) = (unit / 32.0, rng.within(16.0, 4000.0));
    let mut length = 0.0;
    (0..ticks)
        .map(|_| {
            length += per_tick;
            while length > capacity {
                capacity *= 2.0;
            }
            length * 32.0 + capacity * 24.0
        })
        .collect()
}
