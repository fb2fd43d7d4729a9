//! Snapshots whose end is waited for elsewhere than on the isolate: files, or analyses without one.

use super::captures::JsWanted;
use super::outcomes::{JsCaptureOptions, JsError, JsOutcome};
use super::{Result, native, session};
use crate::capture::analysis::Beside;
use crate::capture::{self, CaptureOptions, Captured, Product, Room};
use crate::error::Error;
use crate::headroom::Work;
use crate::snapshot::temporary;
use crate::snapshot::writer::{Cancel, Writer, Written};
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Task};
use napi_derive::napi;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Removes a temporary file, if whoever wrote it has died.
#[napi(catch_unwind)]
pub fn remove_abandoned(path: String) -> bool {
    temporary::remove_abandoned(Path::new(&path))
}

/// What a finished one looks like in JavaScript.
pub fn outcome(product: Option<Product>, pause_ms: f64, start: Instant, nodes: u64) -> JsOutcome {
    let mut done = JsOutcome {
        pause_ms,
        waited_ms: start.elapsed().as_secs_f64() * 1000.0,
        nodes: nodes as f64,
        mode: "inline".to_owned(),
        ..JsOutcome::default()
    };
    if let Some(product) = product {
        done.set(product);
    }
    done
}

type Wait = dyn FnOnce() -> std::result::Result<Product, Error> + Send;

/// Waits for a product on libuv's thread pool. Errors are in the outcome, since a
/// rejection could not carry their code.
pub struct Finish {
    wait: Option<Box<Wait>>,
    pause_ms: f64,
    nodes: u64,
    start: Instant,
}

impl Task for Finish {
    type Output = JsOutcome;
    type JsValue = JsOutcome;

    fn compute(&mut self) -> napi::Result<JsOutcome> {
        let Some(wait) = self.wait.take() else {
            return Err(napi::Error::from_reason("the file was waited for twice"));
        };
        let mut done = outcome(None, self.pause_ms, self.start, self.nodes);
        match wait() {
            Ok(product) => done.set(product),
            Err(error) => done.error = Some(JsError::from(&error)),
        }
        done.waited_ms = self.start.elapsed().as_secs_f64() * 1000.0;
        Ok(done)
    }

    fn resolve(&mut self, _env: Env, output: JsOutcome) -> napi::Result<JsOutcome> {
        Ok(output)
    }
}

enum Sink {
    File(Writer),
    Analysis(Beside),
}

enum Stop {
    File(Cancel),
    Analysis(Arc<AtomicBool>),
}

/// A snapshot's file, or its analysis: filled by V8 already, or by JavaScript where V8's profiler is only to be had through
/// `node:inspector`.
#[napi]
pub struct SnapshotFile {
    sink: Mutex<Option<Sink>>,
    stop: Stop,
    start: Instant,
    path: PathBuf,
    pause_ms: f64,
    nodes: u64,
}

impl SnapshotFile {
    fn new(writer: Writer, path: PathBuf, start: Instant, pause_ms: f64, nodes: u64) -> Self {
        Self {
            stop: Stop::File(writer.cancel_handle()),
            sink: Mutex::new(Some(Sink::File(writer))),
            start,
            path,
            pause_ms,
            nodes,
        }
    }

    /// The file of a snapshot taken natively.
    pub fn of(captured: Captured, start: Instant) -> Self {
        let Captured {
            writer,
            path,
            pause_ms,
            nodes,
        } = captured;
        Self::new(writer, path, start, pause_ms, nodes)
    }
}

#[napi]
impl SnapshotFile {
    /// Checks headroom and opens the temporary file.
    #[napi(factory, catch_unwind)]
    pub fn open(env: Env, options: JsCaptureOptions, heap_used: f64) -> Result<Self> {
        let session = session(&env)?;
        let options = CaptureOptions::try_from(options)?;
        let path = capture::resolve(&options, session.thread_id())?;
        let writer = options.open(&path)?;
        let room = Room::of_file(&path, heap_used as u64, session.nodes_per_byte());
        options.check_headroom(options.here(), room)?;
        Ok(Self::new(writer, path, Instant::now(), 0.0, 0))
    }

    /// Analyses instead, on another thread. The isolate stands still for V8's part; where `heap_used` is given, JavaScript
    /// hands the text over.
    #[napi(factory, catch_unwind)]
    pub fn analyse(
        env: Env,
        options: JsCaptureOptions,
        wanted: JsWanted,
        heap_used: Option<f64>,
    ) -> Result<Self> {
        let (start, session) = (Instant::now(), session(&env)?);
        let options = CaptureOptions::try_from(options)?;
        let beside = Beside::start(wanted.into())?;
        let (mut pause_ms, mut nodes) = (0.0, 0);
        if let Some(heap_used) = heap_used {
            let room = Room::without_file(heap_used as u64, session.nodes_per_byte());
            options.check_headroom(Work::ForkedAnalysis, room)?;
        } else {
            let taken = capture::analyse(&session, native(&env)?, &options, &beside)?;
            (pause_ms, nodes) = (taken.pause_ms, taken.nodes);
        }
        Ok(Self {
            stop: Stop::Analysis(beside.abort_handle()),
            sink: Mutex::new(Some(Sink::Analysis(beside))),
            start,
            path: PathBuf::new(),
            pause_ms,
            nodes,
        })
    }

    /// Where the file will be.
    #[napi(getter, catch_unwind)]
    pub fn path(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// Hands over a chunk; false once writing or analysing has failed.
    #[napi(catch_unwind)]
    pub fn write(&self, chunk: Buffer) -> bool {
        match &*self.sink.lock() {
            Some(Sink::File(writer)) => writer.write(&chunk),
            Some(Sink::Analysis(beside)) => beside.write(&chunk),
            None => false,
        }
    }

    /// Waits here until the file is whole.
    #[napi(catch_unwind)]
    pub fn finish(&self) -> Result<JsOutcome> {
        let product = finish(self.take()?)?;
        let (start, nodes) = (self.start, self.nodes);
        Ok(outcome(Some(product), self.pause_ms, start, nodes))
    }

    /// A promise for the whole file, or the capture.
    #[napi(catch_unwind)]
    pub fn finish_async(&self) -> Result<AsyncTask<Finish>> {
        let sink = self.take()?;
        Ok(AsyncTask::new(Finish {
            wait: Some(Box::new(move || finish(sink))),
            pause_ms: self.pause_ms,
            nodes: self.nodes,
            start: self.start,
        }))
    }

    /// Gives it up, also while it is being finished.
    #[napi(catch_unwind)]
    pub fn abort(&self) {
        match &self.stop {
            Stop::File(cancel) => cancel.cancel(),
            Stop::Analysis(aborted) => aborted.store(true, Ordering::Release),
        }
        // Dropping a writer waits until its temporary file is gone.
        drop(self.sink.lock().take());
    }

    fn take(&self) -> Result<Sink> {
        let sink = self.sink.lock().take();
        Ok(sink.ok_or(Error::SnapshotFailed("the file is closed already"))?)
    }
}

fn finish(sink: Sink) -> std::result::Result<Product, Error> {
    match sink {
        Sink::File(writer) => {
            let Written { path, bytes } = writer.finish()?;
            Ok(Product::File(path, bytes))
        }
        Sink::Analysis(beside) => beside.finish().map(Product::Capture),
    }
}
