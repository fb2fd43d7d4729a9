//! Single cases a user would meet, and the sentences they read.

mod series;

use leakwatch::trend::{Baseline, LongSeries};
use leakwatch::verdict::{Alarm, Channel, Limits, Thresholds, Trend, Verdict, combine, judge};
use series::rng::Rng;
use series::{LIMITS, Noise, leaks, run, verdict};

/// Forced baselines a second apart; `set` fills in what moves.
fn ticks(count: u64, set: impl Fn(u64, &mut Baseline)) -> Vec<Baseline> {
    let each = |i| {
        let mut b = Baseline {
            index: i,
            time_ms: 1000.0 * i as f64,
            heap_used: 20_000_000,
            external: 1_000_000,
            array_buffers: Some(10_000),
            rss: 80_000_000,
            native_contexts: Some(1),
            forced: true,
            ..Baseline::default()
        };
        set(i, &mut b);
        b
    };
    (0..count).map(each).collect()
}

fn heap(count: u64, used: impl Fn(u64) -> u64) -> Trend {
    verdict(&ticks(count, |i, b| b.heap_used += used(i)))
}

#[test]
fn nothing_and_too_little() {
    for count in 0..6 {
        let trend = heap(count, |i| i * 1_000_000);
        assert_eq!(trend.verdict, Verdict::Insufficient);
        assert_eq!(trend.time_to_limit_ms, None);
    }
    assert_eq!(
        heap(3, |_| 0).reason,
        "heap: only 3 baselines so far, at least 6 are needed for a verdict"
    );
}

#[test]
fn eight_clean_ticks_are_enough() {
    assert_eq!(heap(8, |i| i * 100_000).verdict, Verdict::Leaking);
    assert_eq!(heap(8, |i| i * 100).verdict, Verdict::Steady);
    assert_eq!(heap(30, |_| 0).verdict, Verdict::Steady);
}

#[test]
fn the_sentence_of_a_leak_names_the_numbers() {
    let trend = heap(24, |i| i * 1_900_000);
    assert_eq!(
        trend.reason,
        "heap after full GC grew by 1.9 MB per tick (95% interval 1.9 MB to 1.9 MB) over 18 baselines and is still growing; at this \
         rate the 4.3 GB limit is reached in 37 min 33 s"
    );
    assert!((trend.bytes_per_second - 1.9e6).abs() < 1.0);
}

#[test]
fn a_full_cache_is_only_growing() {
    let trend = heap(32, |i| i.min(25) * 500_000);
    assert_eq!(trend.verdict, Verdict::Growing);
    assert!(trend.reason.contains("slowing down"), "{}", trend.reason);
    assert!(heap(60, |i| i.min(25) * 500_000).verdict <= Verdict::Growing);
}

#[test]
fn creep_matters_only_once_it_is_much() {
    assert_eq!(heap(240, |i| i * 900).verdict, Verdict::Steady);
    assert_eq!(heap(12_000, |i| i * 900).verdict, Verdict::Leaking);
}

#[test]
fn buffers_leak_outside_the_heap() {
    let trend = verdict(&ticks(20, |i, b| b.external += i * 64_000));
    assert_eq!(
        (trend.verdict, trend.channel),
        (Verdict::Leaking, Channel::External)
    );
    // Seen in the wild: arrayBuffers grows below an external that is large and flat.
    let trend = verdict(&ticks(20, |i, b| {
        b.external = 50_000_000;
        b.array_buffers = Some(10_000 + i * 64_000);
    }));
    assert_eq!(
        (trend.verdict, trend.channel),
        (Verdict::Leaking, Channel::External)
    );
}

#[test]
fn contexts_speak_first_and_in_bytes_of_heap() {
    let trend = verdict(&ticks(10, |i, b| {
        b.native_contexts = Some(1 + i);
        b.heap_used += i * 700_000;
    }));
    assert_eq!(
        (trend.verdict, trend.channel),
        (Verdict::Leaking, Channel::Contexts)
    );
    assert!((trend.bytes_per_tick - 700_000.0).abs() < 1.0);
    let contexts = trend.of(Channel::Contexts).map(|c| c.per_tick);
    assert_eq!(contexts, Some(1.0));
    let every_other = verdict(&ticks(24, |i, b| b.native_contexts = Some(1 + i / 2)));
    assert_eq!(
        (every_other.verdict, every_other.channel),
        (Verdict::Leaking, Channel::Contexts)
    );
}

#[test]
fn contexts_in_a_pool_do_not_leak() {
    for size in 1..=4 {
        let all = ticks(60, |i, b| b.native_contexts = Some(1 + i.min(size)));
        for n in 0..=60 {
            assert!(
                verdict(&all[..n]).verdict < Verdict::Leaking,
                "pool of {size} at {n}"
            );
        }
    }
    let recycled = ticks(60, |i, b| b.native_contexts = Some(1 + i % 10));
    assert!(verdict(&recycled).verdict < Verdict::Growing);
}

#[test]
fn rss_alone_is_never_a_leak() {
    let trend = verdict(&ticks(60, |i, b| b.rss += i * 1_000_000));
    assert_eq!(
        (trend.verdict, trend.channel),
        (Verdict::Growing, Channel::Rss)
    );
    assert!(
        trend
            .reason
            .contains("native memory, fragmentation, or an allocator"),
        "{}",
        trend.reason
    );
    assert!(trend.time_to_limit_ms.is_some());
}

#[test]
fn natural_collections_need_more_and_forced_ones_are_preferred() {
    let natural = ticks(7, |i, b| {
        b.forced = false;
        b.heap_used += i * 5_000_000;
    });
    assert_eq!(verdict(&natural).verdict, Verdict::Insufficient);
    // Mid-work garbage at every other baseline: only the forced ones are looked at.
    let mixed = ticks(40, |i, b| {
        b.forced = i % 2 == 0;
        b.heap_used += i * 10_000 + if b.forced { 0 } else { 9_000_000 * (i % 7) };
    });
    let trend = verdict(&mixed);
    assert_eq!(trend.verdict, Verdict::Leaking);
    assert!(
        (trend.bytes_per_tick - 20_000.0).abs() < 100.0,
        "per forced tick: {}",
        trend.bytes_per_tick
    );
}

/// Natural baselines five seconds apart on a heap that may take 256 MiB.
fn small_heap(megabytes: &[f64]) -> Verdict {
    let all = ticks(megabytes.len() as u64, |i, b| {
        b.forced = false;
        b.time_ms = 5000.0 * i as f64;
        b.heap_used = (megabytes[i as usize] * 1e6) as u64;
    });
    let limits = Limits {
        heap_limit: 256 << 20,
        ..LIMITS
    };
    judge(&all, &limits, &Thresholds::default()).verdict
}

#[test]
fn a_plain_leak_of_a_small_heap_is_told_by_six_natural_baselines() {
    let plain = [12.0, 20.0, 29.0, 37.0, 46.0, 54.0, 63.0];
    assert_eq!(small_heap(&plain[..5]), Verdict::Insufficient);
    assert_eq!(small_heap(&plain[..6]), Verdict::Leaking);
    assert_eq!(small_heap(&plain), Verdict::Leaking);
    let too_little = plain.map(|v| v / 6.0);
    let fills_up = [12.0, 22.0, 31.0, 39.0, 46.0, 51.0, 53.0];
    let uneven = [12.0, 13.0, 33.0, 35.0, 51.0, 52.0, 63.0];
    let gave_back = [12.0, 20.0, 29.0, 28.0, 46.0, 54.0, 63.0];
    for other in [too_little, fills_up, uneven, gave_back] {
        for count in 6..=7 {
            assert_eq!(
                small_heap(&other[..count]),
                Verdict::Insufficient,
                "{:?}",
                &other[..count]
            );
        }
    }
}

/// Whoever asks for more natural baselines gets them.
#[test]
fn as_many_natural_baselines_as_were_asked_for() {
    let all = ticks(7, |i, b| {
        b.forced = false;
        b.heap_used += i * 100_000_000;
    });
    let of = |min_natural| {
        let thresholds = Thresholds {
            min_natural,
            ..Thresholds::default()
        };
        judge(&all, &LIMITS, &thresholds).verdict
    };
    assert_eq!(of(8), Verdict::Leaking);
    assert_eq!(of(12), Verdict::Insufficient);
}

/// Code that V8 throws away and compiles again moves by as much as a small leak grows in many ticks.
#[test]
fn a_leak_is_not_taken_for_the_code_that_comes_and_goes_beside_it() {
    let trend = verdict(&ticks(60, |i, b| {
        let code = 500_000 + i * 100 + i % 3 * 40_000;
        b.code = Some(code);
        b.heap_used += i * 6_800 + code;
    }));
    assert_eq!(trend.verdict, Verdict::Leaking, "{}", trend.reason);
    let warm_up = verdict(&ticks(20, |i, b| {
        let code = 500_000 + i * 4_000;
        b.code = Some(code);
        b.heap_used += i * 6_800;
    }));
    assert_eq!(warm_up.verdict, Verdict::Growing);
    assert!(
        warm_up.reason.contains("compiled code"),
        "{}",
        warm_up.reason
    );
}

/// Built-in modules that were loaded one by one; sizes as on Node 20, in KB.
#[test]
fn modules_that_are_loaded_when_they_are_needed_are_no_staircase() {
    let sizes = [
        (10, 8),
        (12, 62),
        (16, 10),
        (20, 46),
        (27, 22),
        (30, 15),
        (32, 352),
        (38, 52),
        (66, 27),
    ];
    let all = ticks(80, |i, b| {
        b.heap_used += sizes
            .iter()
            .filter(|s| i >= s.0)
            .map(|s| s.1 * 1000)
            .sum::<u64>();
    });
    for n in 6..=80 {
        let trend = verdict(&all[..n]);
        assert!(trend.verdict < Verdict::Leaking, "at {n}: {}", trend.reason);
    }
}

/// KB above the start after each forced GC, as read on Node 20: three large objects were made, and little else.
#[test]
fn three_large_steps_and_some_small_ones_are_no_staircase() {
    let steps = [
        (14, 16),
        (16, 3000),
        (22, 27),
        (28, 3001),
        (31, 9),
        (33, 13),
        (37, 3001),
    ];
    let all = ticks(60, |i, b| {
        b.heap_used += steps
            .iter()
            .filter(|s| i >= s.0)
            .map(|s| s.1 * 1000)
            .sum::<u64>()
            + i * 2000;
    });
    for n in 6..=60 {
        let trend = verdict(&all[..n]);
        assert!(trend.verdict < Verdict::Leaking, "at {n}: {}", trend.reason);
    }
}

/// The leak of Node 12.15: flat between steps that are half as large again each time.
#[test]
fn the_weak_array_list_of_node_12_is_found() {
    for unit in [4_000.0, 16_000.0, 64_000.0] {
        let found = (0..40).filter(|&seed| {
            let mut rng = Rng::new(seed);
            let all = run(&mut rng, leaks::weak_array_list, Noise::Usual, 120, unit);
            (8..=120).any(|n| verdict(&all[..n]).verdict == Verdict::Leaking)
        });
        let found = found.count();
        assert!(found >= 38, "{unit} bytes a tick: {found} of 40");
    }
}

/// Contexts leak with the heap they hold, and now the one looks worse, now the other.
#[test]
fn channels_that_take_turns_are_told_once_each() {
    let contexts = verdict(&ticks(20, |i, b| {
        b.native_contexts = Some(1 + i);
        b.heap_used += i * 700_000;
    }));
    let heap = verdict(&ticks(20, |i, b| b.heap_used += i * 700_000));
    assert_eq!(
        (contexts.channel, heap.channel),
        (Channel::Contexts, Channel::Heap)
    );
    let mut alarm = Alarm::new();
    let turns = [&contexts, &heap, &contexts, &heap, &contexts];
    let rung: Vec<bool> = turns.iter().map(|trend| alarm.observe(trend)).collect();
    assert_eq!(rung, [true, true, false, false, false]);
}

fn long(count: u64, set: impl Fn(u64, &mut Baseline)) -> (Vec<Baseline>, LongSeries) {
    let all = ticks(count, set);
    let mut long = LongSeries::default();
    all.iter().for_each(|b| long.push(b));
    (all[all.len().saturating_sub(240)..].to_vec(), long)
}

fn both((recent, long): &(Vec<Baseline>, LongSeries)) -> Trend {
    let thresholds = Thresholds::default();
    combine(
        judge(recent, &LIMITS, &thresholds),
        &judge(long.as_slice(), &LIMITS, &thresholds),
    )
}

#[test]
fn a_leak_of_days_is_seen_in_the_long_series() {
    let run = long(50_000, |i, b| b.heap_used += i * 300 + i % 5 * 2_000_000);
    assert!(verdict(&run.0).verdict < Verdict::Leaking);
    let trend = both(&run);
    assert_eq!(trend.verdict, Verdict::Leaking);
    assert!(
        (trend.bytes_per_tick - 300.0).abs() < 30.0,
        "{}",
        trend.bytes_per_tick
    );
}

#[test]
fn a_sweep_seen_long_ago_still_counts() {
    // One tooth takes 1000 ticks; the recent baselines see a straight line.
    let run = long(2_700, |i, b| b.heap_used += i % 1000 * 50_000);
    assert_eq!(verdict(&run.0).verdict, Verdict::Leaking);
    let trend = both(&run);
    assert_eq!(trend.verdict, Verdict::Growing);
    assert!(trend.reason.contains("has given back"), "{}", trend.reason);
}

#[test]
fn an_alarm_rings_once_and_again_when_it_is_worse() {
    let mut alarm = Alarm::new();
    let all = ticks(240, |i, b| b.heap_used += i * 100_000);
    let rung: Vec<usize> = (0..=240)
        .filter(|&n| alarm.observe(&verdict(&all[..n])))
        .collect();
    assert!(rung.len() >= 2 && rung.len() <= 4, "{rung:?}");
    assert!(rung.windows(2).all(|w| w[1] >= w[0] * 3 / 2), "{rung:?}");
    let flat = heap(40, |_| 0);
    for _ in 0..5 {
        assert!(!alarm.observe(&flat));
    }
    assert!(
        alarm.observe(&verdict(&all)),
        "steady again, so the next leak is news"
    );
}
