//! One channel's verdict.

use super::evidence::{Doubt, Evidence, Scale};
use super::window::{Track, Window};
use super::{Channel, ChannelTrend, Limits, Thresholds, Verdict, reason};
use crate::trend::{Baseline, Series, shape, slope, stairs};

/// Most points that are compared pairwise: 2016 pairs.
const MOST_POINTS: usize = 64;

/// Fewest points of a look at a part of the series.
const FEWEST_POINTS: usize = 12;

/// Bytes per tick, and in all, from which growth of RSS alone is worth a word.
const RSS_FLOOR: f64 = 16_384.0;
const RSS_RISE: f64 = 8e6;

/// Bytes that a rise among natural baselines must come to before its size counts as evidence.
const LARGE_RISE: f64 = 8e6;

/// Bytes that a byte of new code brings, itself included.
const WITH_CODE: f64 = 1.5;

/// The share of the growth that code and what comes with it must make up to explain it: 0.54 to 1 in warm-ups on Node 16 and
/// 20, of which half is asked, for a false alarm is worse than a late one.
const MOSTLY: f64 = 0.25;

/// The share of the limit that a leak must have taken to be told before all baselines are there.
const EARLY_SHARE: f64 = 0.05;

/// How sure it is that five values rise when each is larger than the one before: 1 − 1/5!.
const CHANCE_OF_FIVE_RISING: f64 = 1.0 - 1.0 / 120.0;

/// Confidence at which a rise is called *growing*.
const RISES: f64 = 0.95;

/// Judges all channels there are.
pub(super) fn judge_all(
    baselines: &[Baseline],
    limits: &Limits,
    thresholds: &Thresholds,
) -> Vec<ChannelTrend> {
    let window = Window::of(baselines, thresholds);
    let judge = |channel, track| judge(channel, track, &window, limits, thresholds);
    let all = |channel, value: fn(&Baseline) -> u64| {
        let track = window.track(|b| Some(value(b)));
        judge(channel, track.unwrap_or_default())
    };
    let mut heap = all(Channel::Heap, |b| b.heap_used);
    if heap.verdict == Verdict::Leaking
        && code_per_tick(&window) * WITH_CODE >= MOSTLY * heap.per_tick
        && let Some(track) = besides_code(&window)
        && judge(Channel::Heap, track).verdict < Verdict::Leaking
    {
        heap.verdict = Verdict::Growing;
        heap.reason = reason::compiled(&heap);
    }
    let external = judge_external(baselines, &window, limits, thresholds);
    let contexts = window
        .track(|b| b.native_contexts)
        .map(|track| judge(Channel::Contexts, track));
    let mut rss = all(Channel::Rss, |b| b.rss);
    let explained = [&heap, &external]
        .iter()
        .any(|c| c.verdict >= Verdict::Growing);
    reason::excuse_rss(&mut rss, explained);
    let mut channels = vec![heap, external];
    channels.extend(contexts);
    channels.push(rss);
    channels
}

/// Growth of compiled code; 0 where that is not known. Code comes and goes by the hundred kilobytes as V8 throws it away and
/// compiles it again, so a rise that lacks it may well look unsure without being code.
fn code_per_tick(window: &Window) -> f64 {
    window.track(|b| b.code).map_or(0.0, |code| {
        let code = code.series.condensed(MOST_POINTS);
        slope::theil_sen(&code.ticks, &code.values)
    })
}

/// The heap without compiled code and what comes with it; `None` where that is not known.
///
/// A warm-up of one request a tick rises as straight as a leak for two dozen ticks, until everything is compiled. Each
/// function that V8 compiles has a feedback vector on the old heap, half as large as its code as a rule.
fn besides_code(window: &Window) -> Option<Track> {
    let code = window.track(|b| b.code)?;
    let mut heap = window.track(|b| Some(b.heap_used))?;
    let first = code.before.first().or(code.series.values.first())?;
    for (used, code) in [
        (&mut heap.series.values, &code.series.values),
        (&mut heap.before, &code.before),
    ] {
        for (used, code) in used.iter_mut().zip(code) {
            *used -= WITH_CODE * (code - first);
        }
    }
    Some(heap)
}

/// Off-heap memory, seen as V8 counts it and as Node does: array buffers can grow while V8's figure stays flat. A program
/// that never returns to its event loop leaves Node's figure unknown for most natural baselines; those that have it are
/// then judged by themselves.
fn judge_external(
    baselines: &[Baseline],
    window: &Window,
    limits: &Limits,
    thresholds: &Thresholds,
) -> ChannelTrend {
    let look = |window: &Window, track: Option<Track>| {
        track.map(|track| judge(Channel::External, track, window, limits, thresholds))
    };
    let larger = window.track(|b| b.array_buffers.map(|a| a.max(b.external)));
    let complete = larger.is_some();
    let whole = larger.or_else(|| window.track(|b| Some(b.external)));
    let external = look(window, Some(whole.unwrap_or_default()));
    let buffers = if complete {
        look(
            window,
            window.track(|b| b.array_buffers.filter(|&a| a < b.external)),
        )
    } else {
        let known = baselines.iter().filter(|b| b.array_buffers.is_some());
        let known: Vec<Baseline> = known.cloned().collect();
        let window = Window::of(&known, thresholds);
        look(&window, window.track(|b| b.array_buffers))
    };
    let worse = |a: ChannelTrend, b: ChannelTrend| if b.verdict > a.verdict { b } else { a };
    match (external, buffers) {
        (Some(external), Some(buffers)) => worse(external, buffers),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => judge(
            Channel::External,
            Track::default(),
            window,
            limits,
            thresholds,
        ),
    }
}

fn judge(
    channel: Channel,
    track: Track,
    window: &Window,
    limits: &Limits,
    thresholds: &Thresholds,
) -> ChannelTrend {
    let Track { series, before } = track;
    let level = shape::floor_now(&series.values).unwrap_or(0.0);
    let mut trend = ChannelTrend {
        channel,
        verdict: Verdict::Insufficient,
        per_tick: 0.0,
        per_second: 0.0,
        low: 0.0,
        high: 0.0,
        confidence: 0.5,
        ticks: window.available,
        rise: 0.0,
        fall: 0.0,
        level,
        time_to_limit_ms: None,
        reason: String::new(),
    };
    let limit = limit(channel, limits);
    let scale = scale(channel, window, limit, thresholds);
    let plain = window.may_be_early() && is_plain(&series, &before, &scale, limit);
    if window.is_insufficient() && !plain {
        trend.reason = reason::insufficient(channel, window.available, window.needed);
        return trend;
    }
    trend.ticks = window.len();
    let newest = series.values.last().copied().unwrap_or(0.0);
    let series = series.condensed(MOST_POINTS);
    let (mut evidence, mut doubt) = look(series.clone(), &before, &scale, thresholds);
    if window.natural && doubt.is_some() {
        // What came and went before the first point judged is no evidence either.
        let joined = [&before[..], series.values.get(..1).unwrap_or(&[])].concat();
        let before: Vec<f64> = joined.windows(2).map(|w| w[0].min(w[1])).collect();
        let second = look(series.eroded(), &before, &scale, thresholds);
        // Eroding smooths steps as well as garbage, so what it shows must be large and everywhere.
        if second.1.is_none() && second.0.is_large(&scale) {
            (evidence, doubt) = second;
        }
    }
    if matches!(channel, Channel::Heap | Channel::External)
        && doubt.is_some_and(|doubt| doubt != Doubt::GivenBack)
        && grows_between_steps(&series, &before, &scale, thresholds)
    {
        doubt = None;
    }
    if plain {
        // Four or five steps, all of them up: the normal distribution of the rank test does not reach so far.
        evidence.confidence = CHANCE_OF_FIVE_RISING;
        doubt = None;
    }
    trend.per_tick = evidence.slope.per_tick;
    trend.low = evidence.slope.low;
    trend.high = evidence.slope.high;
    trend.confidence = evidence.confidence.clamp(0.0, 1.0);
    trend.rise = evidence.rise;
    trend.fall = evidence.fall;
    trend.per_second = window
        .ms_per_tick
        .map_or(0.0, |ms| trend.per_tick / ms * 1000.0);
    if !trend.per_second.is_finite() {
        trend.per_second = 0.0;
    }
    let rises =
        evidence.confidence >= RISES && evidence.slope.low > 0.0 && evidence.rise >= scale.min_rise;
    trend.verdict = match doubt {
        None => Verdict::Leaking,
        Some(_) if !rises => Verdict::Steady,
        Some(Doubt::Small) => Verdict::Steady,
        Some(_) => Verdict::Growing,
    };
    if channel == Channel::Rss {
        trend.verdict = trend.verdict.min(Verdict::Growing);
    }
    if trend.verdict >= Verdict::Growing {
        trend.time_to_limit_ms = time_to_limit(limit, newest, trend.per_second);
    }
    trend.reason = reason::of(&trend, &evidence, doubt, limit, window.natural);
    trend
}

/// Whether it leaks so plainly, and so much of the limit, that eight natural baselines are too many to wait for.
///
/// A leak multiplies a heap of a few hundred megabytes between two natural collections, and eight of them take a third of it.
/// Six will do if the heap has never fallen, a material share of the limit is gone, and its pace on the clock is as even as
/// an error of 7e-5 demands of so few steps: what saws, wanders or slows down is not.
fn is_plain(series: &Series, before: &[f64], scale: &Scale, limit: Option<f64>) -> bool {
    let values = [before, &series.values].concat();
    let rise = shape::rise(&series.values);
    let Some(limit) = limit else { return false };
    let never_fell = values.windows(2).all(|w| w[0] < w[1]);
    never_fell
        && rise >= scale.large_rise.max(EARLY_SHARE * limit)
        && Evidence::of(series, 0.0, scale).is_even()
}

/// The most telling look: the first that finds a leak, else the one at everything in full resolution.
///
/// Coarser looks (minima over 2, 4 and 8 points) see through what comes and goes within a block: a sawtooth, floating
/// garbage. Shorter looks (the last half, the last quarter) see a leak that began late; they count only if growth there is
/// no slower than over all, or every curve that flattens would look straight at its end.
fn look(
    series: Series,
    before: &[f64],
    scale: &Scale,
    thresholds: &Thresholds,
) -> (Evidence, Option<Doubt>) {
    let fall = shape::fall(&[before, &series.values].concat());
    if fall == 0.0 && shape::rise(&series.values) == 0.0 {
        // Nothing moves, as most channels do most of the time: four points say as much as all.
        return (
            Evidence::of(&series.tail(4), fall, scale),
            Some(Doubt::NotSure),
        );
    }
    let first = Evidence::of(&series, fall, scale);
    let doubt = first.doubt(scale, thresholds);
    if doubt.is_none() {
        return (first, doubt);
    }
    let overall = growth(&series);
    for size in [1, 2, 4, 8] {
        let coarse = series.minima(size);
        if size > 1 && coarse.len() < FEWEST_POINTS.min(8) {
            break;
        }
        let fall = shape::fall(&[before, &coarse.values].concat());
        for part in [1, 2, 4] {
            if part == 1 && size == 1 {
                continue;
            }
            let recent = coarse.tail(coarse.len() / part);
            if recent.len() < if part == 1 { 8 } else { FEWEST_POINTS } {
                break;
            }
            if part > 1 && growth(&recent) < overall {
                continue;
            }
            let rise = shape::rise(&recent.values);
            if rise < scale.min_rise || rise < thresholds.recovery * fall {
                continue;
            }
            let evidence = Evidence::of(&recent, fall, scale);
            if evidence.doubt(scale, thresholds).is_none() {
                return (evidence, None);
            }
        }
    }
    (first, doubt)
}

/// Whether it leaks on a line once the steps are out of it; see [`stairs::levelled`].
fn grows_between_steps(
    series: &Series,
    before: &[f64],
    scale: &Scale,
    thresholds: &Thresholds,
) -> bool {
    let steps = stairs::steps(series, scale.step);
    if steps.is_empty() || stairs::dwindle(&steps) {
        return false;
    }
    let fall = shape::fall(&[before, &series.values].concat());
    let line = stairs::levelled(series, &steps);
    Evidence::of(&line, fall, scale)
        .doubt(scale, thresholds)
        .is_none()
}

/// Rise of the floor per tick.
fn growth(series: &Series) -> f64 {
    let span = series.span();
    if span > 0.0 {
        shape::rise(&series.values) / span
    } else {
        0.0
    }
}

/// From when on growth matters in this channel.
fn scale(channel: Channel, window: &Window, limit: Option<f64>, thresholds: &Thresholds) -> Scale {
    if channel == Channel::Contexts {
        let least = thresholds.min_contexts;
        return Scale {
            floor: thresholds.floor_contexts,
            min_rise: least,
            creep_rise: f64::MAX,
            step: 0.5,
            stairs_rise: 2.0 * least,
            large_rise: f64::MAX,
        };
    }
    let limit = limit.unwrap_or(0.0);
    if channel == Channel::Rss {
        // The kernel counts pages, and allocators move them about by the megabyte.
        return Scale {
            floor: RSS_FLOOR,
            min_rise: RSS_RISE,
            creep_rise: f64::MAX,
            step: RSS_RISE,
            stairs_rise: 8.0 * RSS_RISE,
            large_rise: f64::MAX,
        };
    }
    let mut min_rise = if window.young {
        thresholds.min_rise_young
    } else {
        thresholds.min_rise
    };
    if window.natural {
        min_rise = min_rise.max(thresholds.min_rise_natural);
    }
    Scale {
        floor: thresholds.floor_bytes.max(thresholds.floor_share * limit),
        min_rise,
        creep_rise: thresholds.creep_rise.max(thresholds.creep_share * limit),
        step: min_rise / 4.0,
        stairs_rise: 8.0 * min_rise,
        large_rise: if window.natural { LARGE_RISE } else { f64::MAX },
    }
}

/// What the channel may use up to, in bytes.
fn limit(channel: Channel, limits: &Limits) -> Option<f64> {
    match channel {
        Channel::Heap => Some(limits.heap_limit),
        Channel::External | Channel::Rss => limits.memory_limit,
        Channel::Contexts => None,
    }
    .filter(|&limit| limit > 0)
    .map(|limit| limit as f64)
}

fn time_to_limit(limit: Option<f64>, newest: f64, per_second: f64) -> Option<f64> {
    let time = (limit? - newest).max(0.0) / per_second * 1000.0;
    (per_second > 0.0 && time.is_finite()).then_some(time)
}

/// Joins what the recent baselines and the whole run say about one channel; see [`super::combine`].
pub(super) fn combine(mut near: ChannelTrend, far: &ChannelTrend) -> ChannelTrend {
    if far.verdict == Verdict::Insufficient || far.ticks < 8 {
        return near;
    }
    if near.verdict == Verdict::Leaking && far.verdict < Verdict::Leaking && near.rise < far.fall {
        near.verdict = Verdict::Growing;
        near.reason = reason::given_back(&near, far.fall);
    } else if far.verdict == Verdict::Leaking && near.verdict < Verdict::Leaking {
        // Slots of the long series stand for more ticks, but slopes are per tick in both.
        if near.verdict == Verdict::Insufficient || near.high >= 0.25 * far.per_tick {
            return far.clone();
        }
        near.reason = reason::stopped(&near, far);
        near.verdict = Verdict::Growing;
    }
    near
}
