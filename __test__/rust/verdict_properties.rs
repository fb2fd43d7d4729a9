//! What holds for any input: no panic, finite numbers, and the symmetries a slope must have.

use leakwatch::trend::{Baseline, LongSeries};
use leakwatch::verdict::{Alarm, Limits, Thresholds, Trend, Verdict, combine, judge};
use proptest::prelude::*;

fn extreme() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX), any::<u64>(), 0..100_000_000_u64]
}

fn baseline() -> impl Strategy<Value = Baseline> {
    let time = prop_oneof![any::<f64>(), -1e15..1e15_f64];
    let sizes = (extreme(), extreme(), prop::option::of(extreme()), extreme());
    (
        extreme(),
        time,
        sizes,
        prop::option::of(extreme()),
        any::<bool>(),
    )
        .prop_map(|(index, time_ms, sizes, contexts, forced)| {
            let (heap_used, external, array_buffers, rss) = sizes;
            Baseline {
                index,
                time_ms,
                heap_used,
                external,
                array_buffers,
                rss,
                native_contexts: contexts,
                forced,
                ..Baseline::default()
            }
        })
}

fn assert_sound(trend: &Trend) {
    let numbers = |n: &[f64]| n.iter().all(|v| v.is_finite());
    assert!(numbers(&[
        trend.bytes_per_tick,
        trend.bytes_per_second,
        trend.low,
        trend.high
    ]));
    assert!((0.0..=1.0).contains(&trend.confidence));
    assert!(trend.low <= trend.bytes_per_tick && trend.bytes_per_tick <= trend.high);
    for c in &trend.channels {
        assert!(
            numbers(&[
                c.per_tick,
                c.per_second,
                c.low,
                c.high,
                c.rise,
                c.fall,
                c.level
            ]),
            "{c:?}"
        );
        assert!((0.0..=1.0).contains(&c.confidence));
        assert!(c.time_to_limit_ms.is_none_or(|t| t.is_finite() && t >= 0.0));
        assert!(
            !c.reason.is_empty() && !c.reason.contains("NaN") && !c.reason.contains("inf "),
            "{}",
            c.reason
        );
        assert!(c.verdict <= trend.verdict);
    }
}

fn run(values: &[u64]) -> Vec<Baseline> {
    let each = |(i, &heap_used): (usize, &u64)| Baseline {
        index: i as u64,
        time_ms: 1000.0 * i as f64,
        heap_used,
        forced: true,
        ..Baseline::default()
    };
    values.iter().enumerate().map(each).collect()
}

fn of(values: &[u64]) -> Trend {
    judge(&run(values), &Limits::default(), &Thresholds::default())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn anything_is_judged(baselines in prop::collection::vec(baseline(), 0..80), heap_limit in extreme(), memory_limit in prop::option::of(extreme())) {
        let limits = Limits { heap_limit, memory_limit };
        let mut long = LongSeries::new(16);
        baselines.iter().for_each(|b| long.push(b));
        let near = judge(&baselines, &limits, &Thresholds::default());
        let far = judge(long.as_slice(), &limits, &Thresholds::default());
        assert_sound(&near);
        assert_sound(&far);
        let both = combine(near, &far);
        assert_sound(&both);
        Alarm::new().observe(&both);
    }

    #[test]
    fn thresholds_may_be_anything(x in any::<f64>(), y in any::<f64>(), n in any::<usize>(), w in any::<u64>(), values in prop::collection::vec(0..1_000_000_000_u64, 0..40)) {
        let thresholds = Thresholds {
            min_forced: n, min_natural: n, warm_up: w, floor_bytes: x, floor_share: y, min_rise: x, min_rise_young: y, min_rise_natural: x,
            creep_rise: y, creep_share: x, floor_contexts: y, min_contexts: x, confidence: y, recovery: x, persistence: y,
        };
        assert_sound(&judge(&run(&values), &Limits { heap_limit: 1, memory_limit: None }, &thresholds));
    }

    #[test]
    fn the_base_does_not_matter(values in prop::collection::vec(0..10_000_000_u64, 6..60), shift in 0..1_000_000_000_u64) {
        let shifted: Vec<u64> = values.iter().map(|v| v + shift).collect();
        let (a, b) = (of(&values), of(&shifted));
        prop_assert!((a.bytes_per_tick - b.bytes_per_tick).abs() < 1e-3);
        prop_assert_eq!(a.verdict, b.verdict);
    }

    #[test]
    fn the_slope_scales(values in prop::collection::vec(0..10_000_000_u64, 6..60), factor in 2..50_u64) {
        let scaled: Vec<u64> = values.iter().map(|v| v * factor).collect();
        let (a, b) = (of(&values), of(&scaled));
        let factor = factor as f64;
        prop_assert!((a.bytes_per_tick * factor - b.bytes_per_tick).abs() <= 1e-6 * b.bytes_per_tick.abs() + 1e-3
            || a.verdict == Verdict::Leaking || b.verdict == Verdict::Leaking);
        prop_assert!(a.verdict != Verdict::Leaking || b.verdict == Verdict::Leaking);
    }

    #[test]
    fn what_only_falls_is_steady(steps in prop::collection::vec(0..1_000_000_u64, 6..60)) {
        let mut level = 100_000_000;
        let values: Vec<u64> = steps.iter().map(|s| { level -= s; level }).collect();
        prop_assert_eq!(of(&values).verdict, Verdict::Steady);
    }
}
