//! Captures that a copy of the process sees to.

use super::captures::JsWanted;
use super::outcomes::{JsCaptureOptions, JsError, JsOutcome};
use super::{Result, native, session};
use crate::capture::forked::{self, Job};
use crate::capture::{CaptureOptions, Task};
use napi::Env;
use napi_derive::napi;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Instant;

/// One such capture; the facade asks now and then whether it is done.
#[napi]
pub struct ForkedCapture {
    job: Arc<Job>,
    outcome: Arc<Mutex<Option<JsOutcome>>>,
}

#[napi]
impl ForkedCapture {
    /// Begins one of this isolate. Unless `approved`, its file gets no name
    /// before `approve`.
    #[napi(factory, catch_unwind)]
    pub fn start(env: Env, options: JsCaptureOptions, approved: bool) -> Result<Self> {
        Self::begin(&env, options, Task::File { approved })
    }

    /// Begins one whose copy analyses it: a few kilobytes, and no file.
    #[napi(factory, catch_unwind)]
    pub fn analyse(env: Env, options: JsCaptureOptions, wanted: JsWanted) -> Result<Self> {
        Self::begin(&env, options, Task::Analysis(wanted.into()))
    }

    fn begin(env: &Env, options: JsCaptureOptions, task: Task) -> Result<Self> {
        native(env)?;
        let session = session(env)?;
        session.reach();
        let options = CaptureOptions::try_from(options)?;
        let (outcome, start) = (Arc::new(Mutex::new(None)), Instant::now());
        let told = Arc::clone(&outcome);
        let job = forked::start(&session, options, task, move |result| {
            let total_ms = start.elapsed().as_secs_f64() * 1000.0;
            let mut done = JsOutcome {
                waited_ms: total_ms,
                mode: "fork".to_owned(),
                ..JsOutcome::default()
            };
            match result {
                Err(error) => done.error = Some(JsError::from(&error)),
                Ok(forked) => {
                    done.set(forked.product);
                    done.pause_ms = forked.pause_ms;
                    done.nodes = forked.nodes as f64;
                    done.attempts = Some(forked.attempts);
                }
            }
            *told.lock() = Some(done);
        })?;
        Ok(Self { job, outcome })
    }

    /// The outcome, once.
    #[napi(catch_unwind)]
    pub fn poll(&self) -> Option<JsOutcome> {
        self.outcome.lock().take()
    }

    /// Bytes so far; null while V8 builds its graph.
    #[napi(catch_unwind)]
    pub fn written(&self) -> Option<f64> {
        let (bytes, writing) = self.job.written();
        (writing || bytes > 0).then_some(bytes as f64)
    }

    /// Whether all is written and the file waits for its name.
    #[napi(catch_unwind)]
    pub fn is_whole(&self) -> bool {
        self.job.is_whole()
    }

    /// Gives the file its name.
    #[napi(catch_unwind)]
    pub fn approve(&self) {
        self.job.approve();
    }

    /// Gives it up; the outcome then says so.
    #[napi(catch_unwind)]
    pub fn abort(&self) {
        self.job.cancel();
    }
}
