//! The recorder against a plain list, whatever the order of calls, and from
//! several threads; its clock.

use leakwatch::recorder::{Clock, GcNumbers, Recorder};
use leakwatch::trend::Baseline;
use proptest::prelude::*;
use std::thread;
use std::time::{Duration, Instant};

const NUMBERS: GcNumbers = GcNumbers {
    minor: 1,
    major: 4,
    incremental: 8,
    weak_callbacks: 16,
};

#[derive(Clone, Debug)]
enum Step {
    Baseline(u32),
    Complete(u32),
    Window(usize),
    Gc(i32),
    Relabel(u64),
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any::<u32>().prop_map(Step::Baseline),
        3 => any::<u32>().prop_map(Step::Complete),
        1 => (1_usize..30).prop_map(Step::Window),
        6 => prop::sample::select(vec![0, 1, 2, 4, 8, 16, 32]).prop_map(Step::Gc),
        1 => (0_u64..40).prop_map(Step::Relabel),
        1 => Just(Step::Reset),
    ]
}

/// What the recorder should hold, kept in the simplest way.
#[derive(Default)]
struct Model {
    baselines: Vec<(u64, u64)>,
    next: u64,
    gcs: u64,
    window: usize,
}

impl Model {
    fn trim(&mut self) {
        let over = self.baselines.len().saturating_sub(self.window);
        self.baselines.drain(..over);
    }
}

proptest! {
    #[test]
    fn it_holds_what_a_list_would(steps in prop::collection::vec(step(), 0..200)) {
        let recorder = Recorder::new(NUMBERS, 10);
        let mut model = Model { window: 10, ..Model::default() };
        for step in steps {
            match step {
                Step::Baseline(heap) => {
                    let heap_used = heap.into();
                    let given = Baseline { heap_used, index: 999, ..Baseline::default() };
                    prop_assert_eq!(recorder.push_baseline(given).index, model.next);
                    model.baselines.push((model.next, heap_used));
                    model.next += 1;
                }
                Step::Complete(n) => recorder.complete(n.into()),
                Step::Window(window) => {
                    recorder.watch(true, Some(window));
                    model.window = window;
                }
                Step::Gc(kind) => {
                    recorder.push_gc(kind, 1.0, 2.0, false);
                    model.gcs += 1;
                }
                Step::Relabel(index) => recorder.relabel(index, "named"),
                Step::Reset => {
                    recorder.reset();
                    model.baselines.clear();
                }
            }
            model.trim();
            let held: Vec<(u64, u64)> = recorder.baselines(0).iter().map(|b| (b.index, b.heap_used)).collect();
            prop_assert_eq!(&held, &model.baselines);
            let counts = recorder.counts();
            prop_assert_eq!((counts.baselines, counts.gcs, counts.missed), (model.next, model.gcs, 0));
            prop_assert_eq!(counts.totals.iter().map(|t| t.count).sum::<u64>(), model.gcs);
        }
        let from = model.next / 2;
        prop_assert!(recorder.baselines(from).iter().all(|b| b.index >= from));
    }

    /// The whole run is kept, coarser, in a bounded space, and in order.
    #[test]
    fn the_long_series_is_bounded_and_in_order(count in 0_u32..5000) {
        let recorder = Recorder::new(NUMBERS, 8);
        for n in 0..count {
            let time_ms = f64::from(n);
            recorder.push_baseline(Baseline { time_ms, heap_used: n.into(), ..Baseline::default() });
        }
        let long = recorder.long_series();
        prop_assert!(long.len() <= 1024, "{}", long.len());
        prop_assert!(long.is_empty() == (count == 0));
        prop_assert!(long.windows(2).all(|pair| pair[0].index < pair[1].index));
        // A rising series stays one: minima of neighbours rise as they do.
        prop_assert!(long.windows(2).all(|pair| pair[0].heap_used < pair[1].heap_used));
    }

    /// GCs pushed out are the oldest, and the numbers go on.
    #[test]
    fn the_latest_gcs_are_kept(count in 0_u64..9000) {
        let recorder = Recorder::new(NUMBERS, 8);
        for _ in 0..count {
            recorder.push_gc(1, 0.0, 0.5, false);
        }
        let kept: Vec<u64> = recorder.gcs(0).iter().map(|gc| gc.seq).collect();
        let expected: Vec<u64> = (count.saturating_sub(kept.len() as u64)..count).collect();
        prop_assert_eq!(&kept, &expected);
        prop_assert!(kept.len() as u64 == count || kept.len() >= 1000, "{}", kept.len());
    }

    /// Later moments have later times, and a millisecond is a millisecond.
    #[test]
    fn the_clock_is_linear_and_never_turns_back(a in 0_u64..1 << 40, b in 0_u64..1 << 40) {
        let (start, clock) = (Instant::now(), Clock::new());
        let at = |us: u64| clock.at(start + Duration::from_secs(1) + Duration::from_micros(us));
        let difference = (at(b) - at(a)) * 1000.0;
        let expected = b as f64 - a as f64;
        // An epoch in milliseconds has 2⁻¹² ms to spare in a double.
        prop_assert!((difference - expected).abs() <= 2.0, "{difference} {expected}");
        prop_assert!(a >= b || at(a) <= at(b));
    }
}

#[test]
fn moments_before_the_clock_are_its_start() {
    let before = Instant::now();
    let clock = Clock::new();
    assert!(clock.at(before) <= clock.at(Instant::now()));
    assert!(clock.at(before) > 1.7e12, "epoch milliseconds");
}

/// Readers on other threads (the signal thread asks for sessions' records) see
/// whole baselines in order while the isolate's thread writes.
#[test]
fn readers_see_a_consistent_state() {
    const COUNT: u64 = 20_000;
    let recorder = Recorder::new(NUMBERS, 100);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while recorder.counts().baselines < COUNT {
                    let seen = recorder.baselines(0);
                    assert!(seen.len() <= 100);
                    assert!(
                        seen.windows(2)
                            .all(|pair| pair[0].index + 1 == pair[1].index)
                    );
                    assert!(seen.iter().all(|b| b.heap_used == b.index * 3));
                }
            });
        }
        for n in 0..COUNT {
            let heap_used = n * 3;
            recorder.push_baseline(Baseline {
                heap_used,
                ..Baseline::default()
            });
            recorder.push_gc(4, 0.0, 1.0, true);
        }
    });
    assert_eq!(recorder.counts().gcs, COUNT);
}
