//! Every GC and every baseline of one isolate, in rings of fixed capacity.
//!
//! V8 calls in on the isolate's thread in the middle of a collection, where
//! nothing may allocate on the JS heap, block or panic. So the lock is only ever
//! tried there, held for a few stores, and never held by anyone across a call
//! that could collect garbage. A GC found while it is taken is counted as missed.

mod kind;
mod pauses;
mod records;
mod ring;

pub use kind::{GcKind, GcNumbers};
pub use pauses::{BOUNDS_US, Pauses};
pub use records::{Clock, Counts, GcRecord, SpaceRecord, Totals};
pub use ring::Ring;

use crate::trend::{Baseline, LongSeries};
use crate::v8::gc::GcSink;
use crate::v8::isolate::CurrentIsolate;
use crate::v8::os;
use crate::v8::statistics::HeapStatistics;
use parking_lot::Mutex;
use records::MAX_SPACES;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// GCs kept: under load about a minute's worth, in 300 KB.
const GC_CAPACITY: usize = 4096;
/// Full GCs whose per-space figures are kept.
const SPACES_CAPACITY: usize = 256;
/// Heap statistics cost 5 µs in a GC on Node 18 and later, up to 130 µs before;
/// a price above this, in nanoseconds, is paid only within the budget below.
const DEAR: u64 = 20_000;
/// The share of elapsed time that dear statistics may take: 1/400.
const BUDGET: u64 = 400;
/// How often the price is asked while it is low: it rises with the heap.
const PRICE_EVERY: u32 = 32;
/// `kGCCallbackFlagForced`, `…CollectAllAvailableGarbage`: someone asked for it.
const FORCED_FLAGS: i32 = 1 << 2 | 1 << 4;

/// The records of one isolate.
pub struct Recorder {
    clock: Clock,
    numbers: GcNumbers,
    price: Price,
    pauses: Pauses,
    /// When the collection of each kind that is under way began, in nanoseconds of the clock and one more; 0 if none is.
    begun: [AtomicU64; GcKind::ALL.len()],
    state: Mutex<State>,
}

struct State {
    gcs: Ring<GcRecord>,
    spaces: Ring<SpaceRecord>,
    baselines: Ring<Baseline>,
    long: LongSeries,
    /// Baselines below this index are in `long`; the rest follow outside GCs.
    settled: u64,
    open: [Option<Open>; GcKind::ALL.len()],
    totals: [Totals; GcKind::ALL.len()],
    next_gc: u64,
    next_baseline: u64,
    /// Natural full GCs make baselines (watching) or do not.
    natural: bool,
    /// Our own forced collections and snapshots make none.
    suspended: u32,
    missed: u64,
}

/// What heap statistics have cost inside minor GCs. One thread writes it.
#[derive(Default)]
struct Price {
    asked: AtomicU32,
    /// Only what was above [`DEAR`].
    dear_spent_ns: AtomicU64,
}

#[derive(Clone, Copy)]
struct Open {
    start: Instant,
    used: Option<u64>,
}

impl Recorder {
    /// A recorder that keeps `window` baselines.
    pub fn new(numbers: GcNumbers, window: usize) -> Self {
        Self {
            clock: Clock::new(),
            numbers,
            price: Price::default(),
            pauses: Pauses::default(),
            begun: Default::default(),
            state: Mutex::new(State {
                gcs: Ring::new(GC_CAPACITY),
                spaces: Ring::new(SPACES_CAPACITY),
                baselines: Ring::new(window),
                long: LongSeries::new(LongSeries::DEFAULT_CAPACITY),
                settled: 0,
                open: [None; GcKind::ALL.len()],
                totals: Default::default(),
                next_gc: 0,
                next_baseline: 0,
                natural: false,
                suspended: 0,
                missed: 0,
            }),
        }
    }

    /// The clock all records share.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether natural full GCs make baselines, and how many are kept.
    pub fn watch(&self, natural: bool, window: Option<usize>) {
        let mut state = self.state.lock();
        state.natural = natural;
        let Some(window) = window.filter(|&w| w != state.baselines.capacity()) else {
            return;
        };
        let mut ring = Ring::new(window);
        for baseline in state.baselines.iter() {
            ring.push(baseline.clone());
        }
        state.baselines = ring;
    }

    /// Runs `body` during which full GCs make no baselines.
    pub fn without_baselines<R>(&self, body: impl FnOnce() -> R) -> R {
        self.state.lock().suspended += 1;
        let result = body();
        self.state.lock().suspended -= 1;
        result
    }

    /// Adds a measured baseline; its index and label are filled in here.
    pub fn push_baseline(&self, mut baseline: Baseline) -> Baseline {
        let mut state = self.state.lock();
        baseline.index = state.next_baseline;
        state.add_baseline(baseline.clone());
        state.settle();
        baseline
    }

    /// Completes the newest baseline if it is a natural GC's, which cannot ask
    /// Node for its array buffers. Those before it stay without: what holds now
    /// need not have held then.
    pub fn complete(&self, array_buffers: u64) {
        let mut state = self.state.lock();
        let from = state.settled;
        if let Some(last) = state.baselines.iter_mut().next_back()
            && last.index >= from
        {
            last.array_buffers.get_or_insert(array_buffers);
        }
        state.settle();
    }

    /// Names a baseline after the fact, if it is still there.
    pub fn relabel(&self, index: u64, label: &str) {
        let mut state = self.state.lock();
        let found = state.baselines.iter_mut().find(|b| b.index == index);
        if let Some(baseline) = found {
            baseline.label = Some(label.into());
        }
    }

    /// Every pause since recording began, in the ring still or not.
    pub fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    /// Adds a GC seen by someone else (`PerformanceObserver` in the fallback).
    pub fn push_gc(&self, raw_kind: i32, start_ms: f64, duration_ms: f64, forced: bool) -> GcKind {
        let kind = self.numbers.kind(raw_kind);
        let pause = Duration::try_from_secs_f64(duration_ms / 1000.0);
        self.pauses.add(kind, pause.unwrap_or_default());
        self.state.lock().add_gc(GcRecord {
            seq: 0,
            kind,
            start_ms,
            duration_ms,
            used_before: None,
            used_after: None,
            forced,
        });
        kind
    }

    /// Baselines with an index of at least `from`, oldest first.
    pub fn baselines(&self, from: u64) -> Vec<Baseline> {
        let state = self.state.lock();
        let items = state.baselines.iter().filter(|b| b.index >= from);
        items.cloned().collect()
    }

    /// The whole run at a coarser resolution.
    pub fn long_series(&self) -> Vec<Baseline> {
        let mut state = self.state.lock();
        state.settle();
        state.long.as_slice().to_vec()
    }

    /// GCs with a number of at least `from`, oldest first.
    pub fn gcs(&self, from: u64) -> Vec<GcRecord> {
        let state = self.state.lock();
        let items = state.gcs.iter().filter(|gc| gc.seq >= from);
        items.copied().collect()
    }

    /// Per-space figures of full GCs with a number of at least `from`.
    pub fn spaces(&self, from: u64) -> Vec<SpaceRecord> {
        let state = self.state.lock();
        let items = state.spaces.iter().filter(|space| space.seq >= from);
        items.copied().collect()
    }

    /// Counters.
    pub fn counts(&self) -> Counts {
        let state = self.state.lock();
        Counts {
            totals: state.totals,
            missed: state.missed,
            gcs: state.next_gc,
            baselines: state.next_baseline,
        }
    }

    /// Forgets all records; numbers go on counting, so that cursors stay right.
    pub fn reset(&self) {
        let mut state = self.state.lock();
        state.gcs.clear();
        state.spaces.clear();
        state.baselines.clear();
        state.long = LongSeries::new(LongSeries::DEFAULT_CAPACITY);
    }

    /// Heap statistics, unless a minor GC would have to pay too much for them.
    fn statistics(&self, isolate: CurrentIsolate, minor: bool) -> Option<HeapStatistics> {
        if !minor {
            return isolate.heap_statistics();
        }
        let price = &self.price;
        let asked = price.asked.load(Relaxed).wrapping_add(1);
        price.asked.store(asked, Relaxed);
        let spent = price.dear_spent_ns.load(Relaxed);
        if spent == 0 && asked % PRICE_EVERY != 1 {
            // Reading the clock costs as much as the cheap statistics do.
            return isolate.heap_statistics();
        }
        let now = Instant::now();
        let elapsed = now.saturating_duration_since(self.clock.start()).as_nanos() as u64;
        if spent > elapsed / BUDGET {
            return None;
        }
        let statistics = isolate.heap_statistics();
        let cost = now.elapsed().as_nanos() as u64;
        if cost > DEAR {
            price.dear_spent_ns.store(spent + cost, Relaxed);
        }
        statistics
    }
}

impl State {
    fn add_gc(&mut self, mut gc: GcRecord) -> u64 {
        gc.seq = self.next_gc;
        self.next_gc += 1;
        let totals = &mut self.totals[gc.kind.index()];
        totals.count += 1;
        totals.duration_ms += gc.duration_ms;
        self.gcs.push(gc);
        gc.seq
    }

    fn add_baseline(&mut self, baseline: Baseline) {
        self.next_baseline += 1;
        self.baselines.push(baseline);
    }

    fn settle(&mut self) {
        let from = self.settled;
        for baseline in self.baselines.iter().filter(|b| b.index >= from) {
            self.long.push(baseline);
        }
        self.settled = self.next_baseline;
    }
}

impl GcSink for Recorder {
    fn prologue(&self, isolate: CurrentIsolate, kind: i32, _flags: i32) {
        let kind = self.numbers.kind(kind);
        let start = Instant::now();
        let nanos = start.saturating_duration_since(self.clock.start());
        self.begun[kind.index()].store(nanos.as_nanos() as u64 + 1, Relaxed);
        let used = self
            .statistics(isolate, kind != GcKind::Major)
            .map(|s| s.used_heap_size);
        if let Some(mut state) = self.state.try_lock() {
            state.open[kind.index()] = Some(Open { start, used });
        }
    }

    fn epilogue(&self, isolate: CurrentIsolate, kind: i32, flags: i32) {
        let end = Instant::now();
        let kind = self.numbers.kind(kind);
        let begun = self.begun[kind.index()].swap(0, Relaxed);
        if begun > 0 {
            let nanos = end.saturating_duration_since(self.clock.start());
            let pause = nanos.saturating_sub(Duration::from_nanos(begun - 1));
            self.pauses.add(kind, pause);
        }
        let full = kind == GcKind::Major;
        let statistics = self.statistics(isolate, !full);
        let rss = if full { os::resident_memory() } else { None };
        let mut used = [0; MAX_SPACES];
        let mut code = None;
        if full {
            let count = isolate.space_count().min(MAX_SPACES);
            for (at, slot) in used.iter_mut().enumerate().take(count) {
                let Some(space) = isolate.space(at) else {
                    continue;
                };
                *slot = space.used;
                *code.get_or_insert(0) += if space.is_code() { space.used } else { 0 };
            }
        }
        let Some(mut state) = self.state.try_lock() else {
            return;
        };
        let Some(open) = state.open[kind.index()].take() else {
            state.missed += 1;
            return;
        };
        let gc = GcRecord {
            seq: 0,
            kind,
            start_ms: self.clock.at(open.start),
            duration_ms: (end.saturating_duration_since(open.start)).as_secs_f64() * 1000.0,
            used_before: open.used,
            used_after: statistics.map(|s| s.used_heap_size),
            forced: flags & FORCED_FLAGS != 0 || state.suspended > 0,
        };
        let seq = state.add_gc(gc);
        if !full {
            return;
        }
        state.spaces.push(SpaceRecord { seq, used });
        if let (true, 0, Some(statistics)) = (state.natural, state.suspended, statistics) {
            let baseline = Baseline {
                index: state.next_baseline,
                code,
                ..measure(&statistics, self.clock.at(end), gc.duration_ms, rss)
            };
            state.add_baseline(baseline);
        }
    }
}

/// A baseline from V8's figures; array buffers are Node's to tell, code is told by the spaces.
pub fn measure(s: &HeapStatistics, time_ms: f64, gc_ms: f64, rss: Option<u64>) -> Baseline {
    Baseline {
        index: 0,
        label: None,
        time_ms,
        heap_used: s.used_heap_size,
        code: None,
        external: s.external_memory,
        array_buffers: None,
        rss: rss.unwrap_or(0),
        native_contexts: s.native_contexts,
        detached_contexts: s.detached_contexts,
        global_handles: s.used_global_handles_size,
        gc_ms,
        forced: false,
    }
}
