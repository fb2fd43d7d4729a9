//! Captures: heaps analysed without a file, and compared later.

use super::outcomes::{JsCaptureOptions, JsError, JsOutcome};
use super::{Result, native, session};
use crate::capture::analysis::{Beside, Wanted};
use crate::capture::{self, CaptureOptions};
use crate::captured::{self, Captured};
use crate::error::Error;
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Task};
use napi_derive::napi;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What is to be found out.
#[napi(object)]
pub struct JsWanted {
    /// Earlier captures, oldest first.
    pub since: Vec<Buffer>,
    pub top_suspects: Option<u32>,
    pub min_growth_bytes: Option<f64>,
    pub source_maps: Option<bool>,
}

impl From<JsWanted> for Wanted {
    fn from(wanted: JsWanted) -> Self {
        Self {
            since: wanted.since.iter().map(|bytes| bytes.to_vec()).collect(),
            top_suspects: wanted.top_suspects.map(|n| n as usize),
            min_growth_bytes: wanted.min_growth_bytes.map(|n| n as u64),
            source_maps: wanted.source_maps,
        }
    }
}

/// What a capture says, as JSON: `summary`, and `diff` where it was compared when it was made.
#[napi(catch_unwind)]
pub fn read_capture(capture: Buffer) -> Result<String> {
    let captured = Captured::decode(&capture).map_err(Error::Analysis)?;
    Ok(captured.header().to_string())
}

/// What grew between captures, oldest first, as JSON.
#[napi(catch_unwind)]
pub fn compare_captures(wanted: JsWanted) -> Result<String> {
    let wanted = Wanted::from(wanted);
    let captures = wanted.since.iter().map(|bytes| Captured::decode(bytes));
    let captures: Vec<Captured> = captures
        .collect::<std::result::Result<_, _>>()
        .map_err(Error::Analysis)?;
    let defaults = captured::Options::default();
    let options = captured::Options {
        top_suspects: wanted.top_suspects.unwrap_or(defaults.top_suspects),
        min_growth_bytes: wanted.min_growth_bytes.unwrap_or(defaults.min_growth_bytes),
        ..defaults
    };
    let diff = captured::compare(&captures, &options).map_err(Error::Analysis)?;
    Ok(diff.to_string())
}

/// A capture in this process: the text is analysed on another thread while V8, or JavaScript, hands it over.
#[napi]
pub struct InlineCapture {
    beside: Mutex<Option<Beside>>,
    aborted: Arc<AtomicBool>,
    start: Instant,
    pause_ms: f64,
    nodes: u64,
}

impl InlineCapture {
    fn new(wanted: JsWanted) -> Result<Self> {
        let beside = Beside::start(wanted.into())?;
        Ok(Self {
            aborted: beside.abort_handle(),
            beside: Mutex::new(Some(beside)),
            start: Instant::now(),
            pause_ms: 0.0,
            nodes: 0,
        })
    }
}

#[napi]
impl InlineCapture {
    /// Takes one now, for whose V8's part the isolate stands still; where `heap_used` is given, JavaScript hands the text over.
    #[napi(factory, catch_unwind)]
    pub fn open(
        env: Env,
        options: JsCaptureOptions,
        wanted: JsWanted,
        heap_used: Option<f64>,
    ) -> Result<Self> {
        let session = session(&env)?;
        let options = CaptureOptions::try_from(options)?;
        if let Some(heap_used) = heap_used {
            capture::check_analysis(&options, heap_used as u64, session.nodes_per_byte())?;
            return Self::new(wanted);
        }
        let isolate = native(&env)?;
        let mut whole = Self::new(wanted)?;
        if let Some(beside) = whole.beside.get_mut() {
            let taken = capture::analyse(&session, isolate, &options, beside)?;
            (whole.pause_ms, whole.nodes) = (taken.pause_ms, taken.nodes);
        }
        Ok(whole)
    }

    /// Hands over a piece; false once the analysis has ended early.
    #[napi(catch_unwind)]
    pub fn write(&self, piece: Buffer) -> bool {
        let beside = self.beside.lock();
        beside.as_ref().is_some_and(|beside| beside.write(&piece))
    }

    /// A promise for the outcome with its `capture`.
    #[napi(catch_unwind)]
    pub fn finish_async(&self) -> Result<AsyncTask<Finish>> {
        let beside = self.beside.lock().take();
        let closed = || Error::SnapshotFailed("the capture is closed already");
        Ok(AsyncTask::new(Finish {
            beside: Some(beside.ok_or_else(closed)?),
            start: self.start,
            pause_ms: self.pause_ms,
            nodes: self.nodes,
        }))
    }

    /// Gives it up, also while it is being analysed.
    #[napi(catch_unwind)]
    pub fn abort(&self) {
        self.aborted.store(true, Ordering::Release);
        drop(self.beside.lock().take());
    }
}

/// Waits for an analysis on libuv's thread pool.
pub struct Finish {
    beside: Option<Beside>,
    start: Instant,
    pause_ms: f64,
    nodes: u64,
}

impl Task for Finish {
    type Output = JsOutcome;
    type JsValue = JsOutcome;

    fn compute(&mut self) -> napi::Result<JsOutcome> {
        let Some(beside) = self.beside.take() else {
            return Err(napi::Error::from_reason("the capture was waited for twice"));
        };
        let mut done = JsOutcome {
            pause_ms: self.pause_ms,
            nodes: self.nodes as f64,
            mode: "inline".to_owned(),
            ..JsOutcome::default()
        };
        match beside.finish() {
            Ok(capture) => done.capture = Some(capture.into()),
            Err(error) => done.error = Some(JsError::from(&error)),
        }
        done.waited_ms = self.start.elapsed().as_secs_f64() * 1000.0;
        Ok(done)
    }

    fn resolve(&mut self, _env: Env, output: JsOutcome) -> napi::Result<JsOutcome> {
        Ok(output)
    }
}
