//! The plain objects that cross between Rust and JavaScript: sizes in bytes,
//! times in milliseconds, all as numbers.

use crate::recorder::{GcKind, GcRecord, Totals};
use crate::trend::Baseline;
use crate::v8::statistics::{HeapStatistics, SpaceStatistics};
use crate::verdict::{ChannelTrend, Limits, Thresholds, Trend};
use napi_derive::napi;

/// What the facade knows about its host.
#[napi(object)]
pub struct JsHost {
    /// `worker_threads.threadId`
    pub thread_id: u32,
    /// False to leave V8 alone (`LEAKWATCH_NATIVE_V8=off`).
    pub native: bool,
    /// `perf_hooks.constants.NODE_PERFORMANCE_GC_MINOR`, and so on.
    pub gc_minor: i32,
    pub gc_major: i32,
    pub gc_incremental: i32,
    pub gc_weakcb: i32,
    /// From `v8.getHeapStatistics()`, to check the layout against.
    pub heap_size_limit: f64,
    pub native_contexts: Option<f64>,
    pub detached_contexts: Option<f64>,
}

/// One line of `capabilities()`.
#[napi(object)]
pub struct JsCapability {
    pub name: String,
    pub native: bool,
    pub why: Option<String>,
}

#[napi(object)]
pub struct JsHeapStatistics {
    pub total_heap_size: f64,
    pub total_heap_size_executable: f64,
    pub total_physical_size: f64,
    pub total_available_size: f64,
    pub used_heap_size: f64,
    pub heap_size_limit: f64,
    pub malloced_memory: f64,
    pub peak_malloced_memory: f64,
    pub external_memory: f64,
    pub native_contexts: Option<f64>,
    pub detached_contexts: Option<f64>,
    pub total_global_handles_size: Option<f64>,
    pub used_global_handles_size: Option<f64>,
}

impl From<HeapStatistics> for JsHeapStatistics {
    fn from(s: HeapStatistics) -> Self {
        let number = |n: Option<u64>| n.map(|n| n as f64);
        Self {
            total_heap_size: s.total_heap_size as f64,
            total_heap_size_executable: s.total_heap_size_executable as f64,
            total_physical_size: s.total_physical_size as f64,
            total_available_size: s.total_available_size as f64,
            used_heap_size: s.used_heap_size as f64,
            heap_size_limit: s.heap_size_limit as f64,
            malloced_memory: s.malloced_memory as f64,
            peak_malloced_memory: s.peak_malloced_memory as f64,
            external_memory: s.external_memory as f64,
            native_contexts: number(s.native_contexts),
            detached_contexts: number(s.detached_contexts),
            total_global_handles_size: number(s.total_global_handles_size),
            used_global_handles_size: number(s.used_global_handles_size),
        }
    }
}

#[napi(object)]
pub struct JsSpace {
    pub name: String,
    pub size: f64,
    pub used: f64,
    pub available: f64,
    pub physical: f64,
}

impl From<SpaceStatistics> for JsSpace {
    fn from(s: SpaceStatistics) -> Self {
        Self {
            name: s.name.to_owned(),
            size: s.size as f64,
            used: s.used as f64,
            available: s.available as f64,
            physical: s.physical as f64,
        }
    }
}

#[napi(object)]
pub struct JsBaseline {
    pub index: f64,
    pub label: Option<String>,
    pub time: f64,
    pub heap_used: f64,
    pub code: Option<f64>,
    pub external: f64,
    pub array_buffers: Option<f64>,
    pub rss: f64,
    pub native_contexts: Option<f64>,
    pub detached_contexts: Option<f64>,
    pub global_handles: Option<f64>,
    pub gc_ms: f64,
    pub forced: bool,
}

impl From<Baseline> for JsBaseline {
    fn from(b: Baseline) -> Self {
        let number = |n: Option<u64>| n.map(|n| n as f64);
        Self {
            index: b.index as f64,
            label: b.label.map(String::from),
            time: b.time_ms,
            heap_used: b.heap_used as f64,
            code: number(b.code),
            external: b.external as f64,
            array_buffers: number(b.array_buffers),
            rss: b.rss as f64,
            native_contexts: number(b.native_contexts),
            detached_contexts: number(b.detached_contexts),
            global_handles: number(b.global_handles),
            gc_ms: b.gc_ms,
            forced: b.forced,
        }
    }
}

impl From<JsBaseline> for Baseline {
    fn from(b: JsBaseline) -> Self {
        // `as` saturates: a negative or absurd number becomes 0 or the maximum.
        let number = |n: Option<f64>| n.map(|n| n as u64);
        Self {
            index: b.index as u64,
            label: b.label.map(String::into_boxed_str),
            time_ms: b.time,
            heap_used: b.heap_used as u64,
            code: number(b.code),
            external: b.external as u64,
            array_buffers: number(b.array_buffers),
            rss: b.rss as u64,
            native_contexts: number(b.native_contexts),
            detached_contexts: number(b.detached_contexts),
            global_handles: number(b.global_handles),
            gc_ms: b.gc_ms,
            forced: b.forced,
        }
    }
}

#[napi(object)]
pub struct JsGc {
    pub seq: f64,
    #[napi(js_name = "type")]
    pub kind: String,
    pub start: f64,
    pub duration: f64,
    pub used_before: Option<f64>,
    pub used_after: Option<f64>,
    pub forced: bool,
    pub spaces: Option<Vec<f64>>,
}

impl JsGc {
    pub fn new(gc: GcRecord, spaces: Option<Vec<f64>>) -> Self {
        Self {
            seq: gc.seq as f64,
            kind: gc.kind.name().to_owned(),
            start: gc.start_ms,
            duration: gc.duration_ms,
            used_before: gc.used_before.map(|n| n as f64),
            used_after: gc.used_after.map(|n| n as f64),
            forced: gc.forced,
            spaces,
        }
    }
}

#[napi(object)]
pub struct JsHistory {
    pub baselines: Vec<JsBaseline>,
    pub gcs: Vec<JsGc>,
    pub spaces: Vec<String>,
}

#[napi(object)]
pub struct JsTotals {
    #[napi(js_name = "type")]
    pub kind: String,
    pub count: f64,
    pub duration: f64,
}

impl JsTotals {
    pub fn new(kind: GcKind, totals: Totals) -> Self {
        Self {
            kind: kind.name().to_owned(),
            count: totals.count as f64,
            duration: totals.duration_ms,
        }
    }
}

#[napi(object)]
pub struct JsCounts {
    pub totals: Vec<JsTotals>,
    pub missed: f64,
    pub gcs: f64,
    pub baselines: f64,
}

/// Every threshold that was set; the others keep their defaults.
#[napi(object)]
pub struct JsThresholds {
    pub min_forced: Option<u32>,
    pub min_natural: Option<u32>,
    pub warm_up: Option<u32>,
    pub floor_bytes: Option<f64>,
    pub floor_share: Option<f64>,
    pub min_rise: Option<f64>,
    pub min_rise_natural: Option<f64>,
    pub creep_rise: Option<f64>,
    pub creep_share: Option<f64>,
    pub floor_contexts: Option<f64>,
    pub min_contexts: Option<f64>,
    pub confidence: Option<f64>,
}

impl From<JsThresholds> for Thresholds {
    fn from(t: JsThresholds) -> Self {
        let d = Self::default();
        Self {
            min_forced: t.min_forced.map_or(d.min_forced, |n| n as usize),
            min_natural: t.min_natural.map_or(d.min_natural, |n| n as usize),
            warm_up: t.warm_up.map_or(d.warm_up, u64::from),
            floor_bytes: t.floor_bytes.unwrap_or(d.floor_bytes),
            floor_share: t.floor_share.unwrap_or(d.floor_share),
            min_rise: t.min_rise.unwrap_or(d.min_rise),
            min_rise_young: t.min_rise.map_or(d.min_rise_young, |n| n.max(1.0)),
            min_rise_natural: t.min_rise_natural.unwrap_or(d.min_rise_natural),
            creep_rise: t.creep_rise.unwrap_or(d.creep_rise),
            creep_share: t.creep_share.unwrap_or(d.creep_share),
            floor_contexts: t.floor_contexts.unwrap_or(d.floor_contexts),
            min_contexts: t.min_contexts.unwrap_or(d.min_contexts),
            confidence: t.confidence.unwrap_or(d.confidence),
            ..d
        }
    }
}

#[napi(object)]
pub struct JsLimits {
    pub heap_limit: f64,
}

impl JsLimits {
    pub fn with_memory(&self, memory_limit: Option<u64>) -> Limits {
        Limits {
            heap_limit: self.heap_limit as u64,
            memory_limit,
        }
    }
}

#[napi(object)]
pub struct JsChannelTrend {
    pub channel: String,
    pub verdict: String,
    pub per_tick: f64,
    pub per_second: f64,
    pub low: f64,
    pub high: f64,
    pub confidence: f64,
    pub ticks: u32,
    pub time_to_limit_ms: Option<f64>,
    pub reason: String,
}

impl From<ChannelTrend> for JsChannelTrend {
    fn from(t: ChannelTrend) -> Self {
        Self {
            channel: t.channel.as_str().to_owned(),
            verdict: t.verdict.as_str().to_owned(),
            per_tick: t.per_tick,
            per_second: t.per_second,
            low: t.low,
            high: t.high,
            confidence: t.confidence,
            ticks: t.ticks as u32,
            time_to_limit_ms: t.time_to_limit_ms,
            reason: t.reason,
        }
    }
}

#[napi(object)]
pub struct JsTrend {
    pub verdict: String,
    pub channel: String,
    pub bytes_per_tick: f64,
    pub bytes_per_second: f64,
    pub low: f64,
    pub high: f64,
    pub confidence: f64,
    pub ticks: u32,
    pub time_to_limit_ms: Option<f64>,
    pub reason: String,
    pub channels: Vec<JsChannelTrend>,
    /// Set by `observe` alone: whether to tell the world.
    pub alarm: bool,
}

impl JsTrend {
    pub fn new(t: Trend, alarm: bool) -> Self {
        Self {
            verdict: t.verdict.as_str().to_owned(),
            channel: t.channel.as_str().to_owned(),
            bytes_per_tick: t.bytes_per_tick,
            bytes_per_second: t.bytes_per_second,
            low: t.low,
            high: t.high,
            confidence: t.confidence,
            ticks: t.ticks as u32,
            time_to_limit_ms: t.time_to_limit_ms,
            reason: t.reason,
            channels: t.channels.into_iter().map(JsChannelTrend::from).collect(),
            alarm,
        }
    }
}
