//! Is it a staircase? How a backing store grows that nobody empties.
//!
//! An array, a map or V8's own `WeakArrayList` (the leak of Node 12.15 under `PrototypeInfo`) gets a store half as large
//! again, or twice as large, each time it is full, and is flat in between: most ticks show nothing, so no slope is sure, yet
//! a few steps that only go up, each larger and later than the one before, are as good a proof as a line.

use super::{Series, slope};

/// A step is a rise of this many standard deviations of the usual increment.
const STEP_SIGMAS: f64 = 6.0;

/// Ticks the steps must be spread over; a pool of workers starts within fewer.
const LEAST_SPAN: f64 = 12.0;

/// Steps of one height that as many of any heights must be worth.
const ALIKE: f64 = 5.0;

/// One step of a staircase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Tick at which it was first seen.
    pub tick: f64,
    /// Its height, in bytes or a count.
    pub size: f64,
}

/// Rises far above the usual increment of a series.
#[must_use]
pub fn steps(series: &Series, least: f64) -> Vec<Step> {
    let mut increments: Vec<f64> = series.values.windows(2).map(|w| w[1] - w[0]).collect();
    let middle = slope::median(&mut increments);
    for d in &mut increments {
        *d = (*d - middle).abs();
    }
    let bound = (STEP_SIGMAS * 1.4826 * slope::median(&mut increments)).max(least);
    let pairs = series.values.windows(2).zip(&series.ticks[1..]);
    pairs
        .map(|(pair, &tick)| Step {
            tick,
            size: pair[1] - pair[0],
        })
        .filter(|step| step.size - middle > bound)
        .collect()
}

/// The series without its steps, each replaced by the median increment: what grows between the times that a table doubles.
///
/// A map or a dictionary of small entries grows on a line, its table in steps that come to as much in all. Neither is most
/// of the growth, so neither a line nor a staircase is sure; the line alone is.
#[must_use]
pub fn levelled(series: &Series, steps: &[Step]) -> Series {
    let mut increments: Vec<f64> = series.values.windows(2).map(|w| w[1] - w[0]).collect();
    let middle = slope::median(&mut increments);
    let (mut taken, mut next) = (0.0, steps.iter().peekable());
    let values = series
        .ticks
        .iter()
        .zip(&series.values)
        .map(|(&tick, value)| {
            while let Some(step) = next.next_if(|step| step.tick <= tick) {
                taken += step.size - middle;
            }
            value - taken
        });
    Series {
        values: values.collect(),
        ticks: series.ticks.clone(),
    }
}

/// How many steps of one height these are worth: their number if all are alike, 1 if one is far above the rest.
fn alike(steps: &[Step]) -> f64 {
    let sum: f64 = steps.iter().map(|s| s.size).sum();
    let squares: f64 = steps.iter().map(|s| s.size * s.size).sum();
    if squares > 0.0 {
        sum * sum / squares
    } else {
        0.0
    }
}

/// Whether the later of the steps come to less than the earlier ones: not those of a table that doubles, but the beginning of
/// a curve that flattens.
#[must_use]
pub fn dwindle(steps: &[Step]) -> bool {
    let height = |part: &[Step]| part.iter().map(|s| s.size).sum::<f64>();
    let half = steps.len() / 2;
    height(&steps[steps.len() - half..]) < height(&steps[..half])
}

/// Whether the steps make up most of the growth and are those of something that goes on growing: four that grow by a fifth or
/// more each (what doubling does), or six about as high, a third of it in the later half; and the last not so long ago that
/// another is overdue. Modules that are loaded when they are first needed are steps as well, some large and most of them small.
#[must_use]
pub fn keep_coming(series: &Series, steps: &[Step]) -> bool {
    let [first, .., before, last] = steps else {
        return false;
    };
    let [start, .., now] = series.ticks[..] else {
        return false;
    };
    let [low, .., high] = series.values[..] else {
        return false;
    };
    let height = |from: f64| {
        steps
            .iter()
            .filter(|s| s.tick >= from)
            .map(|s| s.size)
            .sum::<f64>()
    };
    let all = height(start);
    // More than the growth itself would be steps up and down again.
    let made_of = (0.6..=1.2).contains(&(all / (high - low)));
    let longest = steps
        .windows(2)
        .map(|w| w[1].tick - w[0].tick)
        .fold(0.0, f64::max);
    let due = now - last.tick <= 2.0 * longest.max(last.tick - before.tick);
    let doubling = steps.len() >= 4
        && steps[steps.len() - 4..]
            .windows(2)
            .all(|w| w[1].size >= 1.2 * w[0].size);
    let lasting = doubling || alike(steps) >= ALIKE && height((start + now) / 2.0) >= all / 3.0;
    last.tick - first.tick >= LEAST_SPAN && made_of && due && lasting
}
