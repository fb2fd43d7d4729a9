//! Snapshots that no call waits for: on signals, and near the heap limit.

use super::outcomes::{JsCaptureOptions, JsOutcome};
use super::{Result, environment, native, refused, session};
use crate::capture::CaptureOptions;
use crate::error::Error;
use crate::session::Wake;
use crate::signals::{self, Registration};
use crate::v8::signal::Signal;
use napi::Env;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use std::sync::Arc;
use std::time::Duration;

/// What became of snapshots nobody waited for.
#[napi(catch_unwind)]
pub fn outcomes(env: Env) -> Result<Vec<JsOutcome>> {
    let outcomes = session(&env)?.outcomes();
    Ok(outcomes.into_iter().map(JsOutcome::from).collect())
}

/// Serves requests of the signal thread from the event loop; whether copies of
/// the process see to some that are not done yet.
#[napi(catch_unwind)]
pub fn serve_requests(env: Env) -> Result<bool> {
    let session = session(&env)?;
    if let Ok(isolate) = native(&env) {
        session.serve(isolate);
    }
    Ok(session.is_forking())
}

/// Lets other threads wake this environment's event loop, which they do by
/// calling `wake`. Never keeps the loop alive.
#[napi(catch_unwind)]
pub fn set_wake(env: Env, wake: Function<'_, (), ()>) -> Result<()> {
    let function = wake
        .build_threadsafe_function()
        .weak::<true>()
        .max_queue_size::<1>()
        .build()
        .map_err(refused)?;
    let wake: Wake = Arc::new(move || {
        // Full means that it is about to wake up anyway.
        let _ = function.call((), ThreadsafeFunctionCallMode::NonBlocking);
    });
    session(&env)?.set_wake(environment(&env), Some(wake));
    Ok(())
}

/// The signals that may be asked for; none where there are none.
#[napi(catch_unwind)]
pub fn signal_names() -> Vec<&'static str> {
    Signal::names().collect()
}

/// Serves a signal with snapshots until [`dispose_signal`] is called.
#[napi(catch_unwind)]
pub fn on_signal(
    env: Env,
    name: String,
    options: JsCaptureOptions,
    cooldown: f64,
    max: u32,
) -> Result<u32> {
    let (isolate, session) = (native(&env)?, session(&env)?);
    let signal = Signal::by_name(&name).ok_or_else(|| Error::InvalidArgument {
        option: "signal",
        why: format!(
            "'{name}' cannot be used; choose one of {}",
            Signal::names().collect::<Vec<_>>().join(", ")
        ),
    })?;
    let options = CaptureOptions::try_from(options)?;
    session.reach();
    Ok(signals::register(Registration {
        signal,
        isolate: isolate.id(),
        options,
        cooldown: Duration::from_millis(cooldown as u64),
        max,
    })?)
}

/// Ends what [`on_signal`] began.
#[napi(catch_unwind)]
pub fn dispose_signal(id: u32) {
    signals::unregister(id);
}

/// Puts our handler back on top at once.
#[napi(catch_unwind)]
pub fn reclaim_signal(name: String) {
    if let Some(signal) = Signal::by_name(&name) {
        signals::reclaim(signal);
    }
}

/// Lets signals asked for elsewhere reach this isolate while it is busy.
#[napi(catch_unwind)]
pub fn reach(env: Env) -> Result<bool> {
    Ok(session(&env)?.reach())
}

/// Arms a snapshot near the heap limit; `has_next` if Node is to be asked after us.
#[napi(catch_unwind)]
pub fn guard_heap_limit(env: Env, options: JsCaptureOptions, has_next: bool) -> Result<bool> {
    native(&env)?;
    let options = CaptureOptions::try_from(options)?;
    Ok(session(&env)?.guard_heap_limit(options, has_next))
}

/// Takes it out again.
#[napi(catch_unwind)]
pub fn disarm_heap_limit(env: Env) -> Result<()> {
    session(&env)?.disarm();
    Ok(())
}
