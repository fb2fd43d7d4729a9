//! Every `#[napi]` item: convert in, call, convert out.
//!
//! The facade in `lib/` is the only caller. Each export catches panics, since
//! one that crossed Node-API would end the host.

mod analysis;
mod captures;
mod files;
mod forked;
mod objects;
mod outcomes;
mod records;
mod requests;

use crate::capture::{self, CaptureOptions, Progress};
use crate::error::Error;
use crate::recorder::GcNumbers;
use crate::session::Session;
use crate::v8::collect::{self, GcFlag};
use crate::v8::fork;
use crate::v8::heap_profiler;
use crate::v8::histogram;
use crate::v8::isolate::{CurrentIsolate, IsolateId};
use crate::v8::statistics::HeapStatistics;
use napi::Env;
use napi::bindgen_prelude::{EscapableHandleScope, FnArgs, Function};
use napi_derive::napi;
use objects::*;
use once_cell::sync::Lazy;
use outcomes::JsCaptureOptions;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

type Result<T> = std::result::Result<T, napi::Error<String>>;

/// Which session each Node-API environment belongs to.
static ENVIRONMENTS: Lazy<Mutex<HashMap<usize, Environment>>> = Lazy::new(Mutex::default);

#[derive(Clone, Copy)]
struct Environment {
    isolate: IsolateId,
    native: bool,
}

impl From<Error> for napi::Error<String> {
    /// The details travel behind a NUL; the facade takes them apart.
    fn from(error: Error) -> Self {
        let reason = format!("{error}\0{}", error.details());
        Self::new(error.code().to_owned(), reason)
    }
}

fn environment(env: &Env) -> usize {
    env.raw() as usize
}

fn entry(env: &Env) -> Result<Environment> {
    let known = ENVIRONMENTS.lock().get(&environment(env)).copied();
    known.ok_or_else(|| unavailable("leakwatch", "attach() has not been called here").into())
}

fn session(env: &Env) -> Result<Arc<Session>> {
    Session::of(entry(env)?.isolate)
        .ok_or_else(|| unavailable("leakwatch", "this environment is shutting down").into())
}

/// The isolate, if V8 may be asked natively here.
fn native(env: &Env) -> Result<CurrentIsolate> {
    let entry = entry(env)?;
    CurrentIsolate::get()
        .filter(|isolate| entry.native && isolate.id() == entry.isolate)
        .ok_or_else(|| unavailable("native V8", "it is switched off or not exported").into())
}

/// Node-API's own refusal, with a code that callers can match on.
fn refused(error: napi::Error) -> napi::Error<String> {
    napi::Error::new("ERR_LEAKWATCH_UNAVAILABLE".to_owned(), error.reason.clone())
}

fn unavailable(what: &'static str, why: &str) -> Error {
    Error::Unavailable {
        what,
        why: why.to_owned(),
    }
}

/// Joins this environment to its isolate's session and says what works
/// natively. Called each time the facade is evaluated; again changes nothing.
#[napi(catch_unwind)]
pub fn attach(env: Env, host: JsHost) -> Result<Vec<JsCapability>> {
    let isolate = CurrentIsolate::get().filter(|_| host.native);
    let checked = isolate.and_then(|isolate| agrees(isolate, &host).then_some(isolate));
    let id = checked.map_or(IsolateId::of_thread(host.thread_id), CurrentIsolate::id);
    let key = environment(&env);
    let known = ENVIRONMENTS.lock().insert(
        key,
        Environment {
            isolate: id,
            native: checked.is_some(),
        },
    );
    let numbers = GcNumbers {
        minor: host.gc_minor,
        major: host.gc_major,
        incremental: host.gc_incremental,
        weak_callbacks: host.gc_weakcb,
    };
    Session::join(id, key, host.thread_id, numbers);
    if known.is_none_or(|known| known.isolate != id) {
        env.add_env_cleanup_hook((key, id), |(key, id)| {
            ENVIRONMENTS.lock().remove(&key);
            Session::leave(id, key);
        })
        .map_err(refused)?;
    }
    let why = match (host.native, isolate, checked) {
        (false, ..) => Some("switched off by LEAKWATCH_NATIVE_V8=off"),
        (true, None, _) => Some("this host does not export V8's C++ API"),
        (true, Some(_), None) => Some("V8's statistics disagree with v8.getHeapStatistics()"),
        (true, Some(_), Some(_)) => None,
    };
    Ok(capabilities(why))
}

/// The layout is trusted only if it gives what Node's own API gives.
fn agrees(isolate: CurrentIsolate, host: &JsHost) -> bool {
    let Some(s) = isolate.heap_statistics() else {
        return false;
    };
    let same = |ours: Option<u64>, theirs: Option<f64>| match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours as f64 == theirs,
        // One of the two does not know it: nothing contradicts.
        _ => true,
    };
    s.heap_size_limit as f64 == host.heap_size_limit
        && same(s.native_contexts, host.native_contexts)
        && same(s.detached_contexts, host.detached_contexts)
}

fn capabilities(why: Option<&str>) -> Vec<JsCapability> {
    let unix = cfg!(unix);
    let taking = heap_profiler::available();
    let fork = fork::supported();
    let rows: [(&str, bool, &str); 8] = [
        ("statistics", true, ""),
        ("gcEvents", true, ""),
        ("forcedGc", true, ""),
        ("snapshot", taking, "V8's heap profiler is not exported"),
        (
            "signalWhileBusy",
            unix && taking,
            "needs POSIX signals and V8's heap profiler",
        ),
        (
            "nearHeapLimit",
            taking,
            "V8's heap profiler is not exported",
        ),
        (
            "fork",
            taking && fork.is_ok(),
            fork.err().unwrap_or("V8's heap profiler is not exported"),
        ),
        (
            "histogram",
            histogram::available(),
            "V8's walk over live objects is not exported",
        ),
    ];
    rows.into_iter()
        .map(|(name, here, missing)| {
            let why = why.or((!here).then_some(missing));
            JsCapability {
                name: name.to_owned(),
                native: why.is_none(),
                why: why.map(str::to_owned),
            }
        })
        .collect()
}

/// Which load of this library it is. Another copy of the file in the same process has state of its own, and another number.
#[napi(catch_unwind)]
pub fn instance() -> f64 {
    std::ptr::from_ref(&ENVIRONMENTS).addr() as f64
}

/// Begins to watch; false if GCs must be pushed in from JavaScript.
#[napi(catch_unwind)]
pub fn watch(
    env: Env,
    natural: bool,
    window: Option<u32>,
    thresholds: JsThresholds,
) -> Result<bool> {
    let window = window.map(|n| n as usize);
    Ok(session(&env)?.watch(natural, window, thresholds.into()))
}

/// Takes every hook out.
#[napi(catch_unwind)]
pub fn unwatch(env: Env) -> Result<()> {
    session(&env)?.unwatch();
    Ok(())
}

/// Whether this isolate is being watched, by whichever load of the facade.
#[napi(catch_unwind)]
pub fn is_watching(env: Env) -> Result<bool> {
    Ok(session(&env)?.is_watching())
}

#[napi(catch_unwind)]
pub fn heap_statistics(env: Env) -> Result<JsHeapStatistics> {
    Ok(statistics(native(&env)?)?.into())
}

fn statistics(isolate: CurrentIsolate) -> Result<HeapStatistics> {
    let read = isolate.heap_statistics();
    read.ok_or_else(|| unavailable("statistics", "V8 does not tell").into())
}

#[napi(catch_unwind)]
pub fn heap_spaces(env: Env) -> Result<Vec<JsSpace>> {
    let isolate = native(&env)?;
    let spaces = (0..isolate.space_count()).filter_map(|at| isolate.space(at));
    Ok(spaces.map(JsSpace::from).collect())
}

/// Runs `body` while no other isolate touches the flag for `gc()`, set if
/// `exposed`; its result. Errors inside count as false.
#[napi(catch_unwind)]
pub fn with_gc_flag(env: Env, exposed: bool, body: Function<'_, (), bool>) -> Result<bool> {
    native(&env)?;
    let seen = collect::with_gc_flag(exposed, || body.call(()).unwrap_or(false));
    Ok(seen.unwrap_or(false))
}

/// Says that the flag has been seen to work, or is on for good.
#[napi(catch_unwind)]
pub fn trust_gc_flag(always_on: bool) {
    collect::set_gc_flag(if always_on {
        GcFlag::AlwaysOn
    } else {
        GcFlag::Settable
    });
}

/// Live objects by constructor, see [`CurrentIsolate::histogram`].
#[napi(catch_unwind)]
pub fn histogram(env: Env) -> Result<String> {
    let (isolate, session) = (native(&env)?, session(&env)?);
    let anchor = host_global(&env)?;
    let mut scoped = |body: &mut dyn FnMut()| {
        let mut done = false;
        let opened = EscapableHandleScope::with(&env, anchor, |_, _| {
            done = true;
            body();
            Ok(())
        });
        // Without a scope the handles live until the walk is over: dearer, and no less right.
        if opened.is_err() && !done {
            body();
        }
    };
    let counted = session
        .recorder()
        .without_baselines(|| isolate.histogram(&mut scoped));
    counted.ok_or_else(|| unavailable("histogram", "V8 does not tell").into())
}

/// A full GC that makes no baseline; its duration in milliseconds.
#[napi(catch_unwind)]
pub fn collect(env: Env) -> Result<f64> {
    let (isolate, session) = (native(&env)?, session(&env)?);
    let start = Instant::now();
    session
        .recorder()
        .without_baselines(|| isolate.collect_all_garbage());
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

/// The global object of the realm this environment was made in. Test runners
/// evaluate modules in realms of their own, which end with the test file.
#[napi(catch_unwind)]
pub fn host_global(env: &Env) -> Result<napi::bindgen_prelude::Object<'_>> {
    let global = env.get_global();
    let global = global.map_err(refused)?;
    let object = napi::bindgen_prelude::JsObjectValue::get_named_property(&global, "globalThis");
    object.map_err(refused)
}

/// Takes a snapshot now; its file is yet to be finished. `progress(phase, bytes)`
/// may return false to give up; it is not called while V8 builds its graph.
#[napi(catch_unwind)]
pub fn capture(
    env: Env,
    options: JsCaptureOptions,
    progress: Option<Function<'_, FnArgs<(String, f64)>, bool>>,
) -> Result<files::SnapshotFile> {
    let start = Instant::now();
    let (isolate, session) = (native(&env)?, session(&env)?);
    let options = CaptureOptions::try_from(options)?;
    let mut report = |at: Progress| match (at, &progress) {
        (Progress::Write(bytes), Some(progress)) => {
            let call = progress.call(("write".to_owned(), bytes as f64).into());
            // A callback that throws has given up; the facade keeps its error.
            call.unwrap_or(false)
        }
        _ => true,
    };
    let captured = capture::capture(&session, isolate, &options, &mut report)?;
    Ok(files::SnapshotFile::of(captured, start))
}
