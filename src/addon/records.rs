//! Baselines, GCs and the trend over them.

use super::objects::*;
use super::{Result, native, session, statistics, unavailable};
use crate::recorder::{self, BOUNDS_US, GcKind};
use crate::system;
use crate::trend::Baseline;
use crate::v8::os;
use napi::Env;
use napi_derive::napi;
use once_cell::sync::Lazy;
use std::collections::HashMap;
use std::time::Instant;

/// The machine's memory does not change; reading it takes a dozen small files.
static MEMORY_LIMIT: Lazy<Option<u64>> = Lazy::new(system::memory_limit);

/// First half of a tick: a full GC, and V8's figures right after it.
#[napi(catch_unwind)]
pub fn measure(env: Env) -> Result<()> {
    let (isolate, session) = (native(&env)?, session(&env)?);
    let start = Instant::now();
    session
        .recorder()
        .without_baselines(|| isolate.collect_all_garbage());
    let gc_ms = start.elapsed().as_secs_f64() * 1000.0;
    let now = session.recorder().clock().at(Instant::now());
    let statistics = statistics(isolate)?;
    session.set_pending(Baseline {
        forced: true,
        code: isolate.code_used(),
        ..recorder::measure(&statistics, now, gc_ms, os::resident_memory())
    });
    Ok(())
}

/// Second half: Node's own part of the figures, and the record.
#[napi(catch_unwind)]
pub fn record(env: Env, label: Option<String>, array_buffers: Option<f64>) -> Result<JsBaseline> {
    let session = session(&env)?;
    let pending = session.take_pending();
    let mut baseline = pending.ok_or_else(|| unavailable("tick", "nothing was measured"))?;
    baseline.label = label.map(String::into_boxed_str);
    baseline.array_buffers = array_buffers.map(|n| n as u64);
    Ok(session.recorder().push_baseline(baseline).into())
}

/// A baseline measured in JavaScript.
#[napi(catch_unwind)]
pub fn push_baseline(env: Env, baseline: JsBaseline) -> Result<JsBaseline> {
    Ok(session(&env)?
        .recorder()
        .push_baseline(baseline.into())
        .into())
}

/// A GC seen by a PerformanceObserver; returns its kind.
#[napi(catch_unwind)]
pub fn push_gc(env: Env, kind: i32, start: f64, duration: f64, flags: i32) -> Result<&'static str> {
    let forced = flags != 0;
    let kind = session(&env)?
        .recorder()
        .push_gc(kind, start, duration, forced);
    Ok(kind.name())
}

/// Tells natural baselines what Node's array buffers hold.
#[napi(catch_unwind)]
pub fn complete(env: Env, array_buffers: f64) -> Result<()> {
    session(&env)?.recorder().complete(array_buffers as u64);
    Ok(())
}

/// Records from these numbers on.
#[napi(catch_unwind)]
pub fn history(env: Env, from_gc: f64, from_baseline: f64) -> Result<JsHistory> {
    let session = session(&env)?;
    let recorder = session.recorder();
    // Everything is copied out before the first JavaScript object is made:
    // making one may collect garbage, which records.
    let baselines = recorder.baselines(from_baseline as u64);
    let gcs = recorder.gcs(from_gc as u64);
    let spaces = recorder.spaces(from_gc as u64);
    let names = match native(&env) {
        Ok(isolate) => (0..isolate.space_count())
            .filter_map(|at| isolate.space(at))
            .map(|space| space.name.to_owned())
            .collect(),
        Err(_) => Vec::new(),
    };
    let mut by_seq: HashMap<u64, Vec<f64>> = spaces
        .iter()
        .map(|s| {
            (
                s.seq,
                s.used.iter().take(names.len()).map(|&n| n as f64).collect(),
            )
        })
        .collect();
    Ok(JsHistory {
        baselines: baselines.into_iter().map(JsBaseline::from).collect(),
        gcs: gcs
            .into_iter()
            .map(|gc| JsGc::new(gc, by_seq.remove(&gc.seq)))
            .collect(),
        spaces: names,
    })
}

#[napi(catch_unwind)]
pub fn counts(env: Env) -> Result<JsCounts> {
    let counts = session(&env)?.recorder().counts();
    let kinds = GcKind::ALL.into_iter().zip(counts.totals);
    Ok(JsCounts {
        totals: kinds
            .map(|(kind, totals)| JsTotals::new(kind, totals))
            .collect(),
        missed: counts.missed as f64,
        gcs: counts.gcs as f64,
        baselines: counts.baselines as f64,
    })
}

/// Every pause since recording began, as one row of numbers: the bounds of the buckets in seconds, then for each kind in the
/// order of `counts` how many fell into each bucket and one above, and their sums in milliseconds.
#[napi(catch_unwind)]
pub fn pauses(env: Env) -> Result<Vec<f64>> {
    let session = session(&env)?;
    let mut row: Vec<f64> = BOUNDS_US.iter().map(|&us| us as f64 / 1e6).collect();
    for kind in GcKind::ALL {
        let buckets = session.recorder().pauses().of(kind);
        row.extend(buckets.iter().map(|bucket| bucket.count as f64));
        row.extend(buckets.iter().map(|bucket| bucket.nanos as f64 / 1e6));
    }
    Ok(row)
}

/// How many baselines there have been: cheap enough to ask every second.
#[napi(catch_unwind)]
pub fn baseline_count(env: Env) -> Result<f64> {
    Ok(session(&env)?.recorder().counts().baselines as f64)
}

/// Names a baseline after the fact, if it is still there.
#[napi(catch_unwind)]
pub fn relabel(env: Env, index: f64, label: String) -> Result<()> {
    session(&env)?.recorder().relabel(index as u64, &label);
    Ok(())
}

/// The trend over the records; with `observe` the alarm is asked as well.
#[napi(catch_unwind)]
pub fn trend(
    env: Env,
    limits: JsLimits,
    thresholds: Option<JsThresholds>,
    observe: bool,
) -> Result<JsTrend> {
    let session = session(&env)?;
    let limits = limits.with_memory(*MEMORY_LIMIT);
    let trend = session.trend(&limits, thresholds.map(Into::into));
    let alarm = observe && session.alarm(&trend);
    Ok(JsTrend::new(trend, alarm))
}

#[napi(catch_unwind)]
pub fn reset(env: Env) -> Result<()> {
    session(&env)?.reset();
    Ok(())
}
