//! Snapshot files whose end is waited for elsewhere than on the isolate.

use super::outcomes::{JsCaptureOptions, JsError, JsOutcome};
use super::{Result, session};
use crate::capture::{self, CaptureOptions, Captured};
use crate::error::Error;
use crate::snapshot::writer::{Cancel, Writer, Written};
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Task};
use napi_derive::napi;
use parking_lot::Mutex;
use std::path::PathBuf;
use std::time::Instant;

/// What a finished file looks like in JavaScript.
pub fn outcome(path: PathBuf, bytes: u64, pause_ms: f64, start: Instant, nodes: u64) -> JsOutcome {
    JsOutcome {
        path: Some(path.to_string_lossy().into_owned()),
        bytes: Some(bytes as f64),
        pause_ms,
        waited_ms: start.elapsed().as_secs_f64() * 1000.0,
        nodes: nodes as f64,
        mode: "inline".to_owned(),
        ..JsOutcome::default()
    }
}

type Wait = dyn FnOnce() -> std::result::Result<(PathBuf, u64), Error> + Send;

/// Waits for a file on libuv's thread pool. Errors are in the outcome, since a
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
        let mut done = outcome(PathBuf::new(), 0, self.pause_ms, self.start, self.nodes);
        match wait() {
            Ok((path, bytes)) => {
                done.path = Some(path.to_string_lossy().into_owned());
                done.bytes = Some(bytes as f64);
            }
            Err(error) => {
                (done.path, done.bytes) = (None, None);
                done.error = Some(JsError::from(&error));
            }
        }
        done.waited_ms = self.start.elapsed().as_secs_f64() * 1000.0;
        Ok(done)
    }

    fn resolve(&mut self, _env: Env, output: JsOutcome) -> napi::Result<JsOutcome> {
        Ok(output)
    }
}

/// A snapshot's file: filled by V8 already, or by JavaScript where V8's profiler
/// is only to be had through `node:inspector`.
#[napi]
pub struct SnapshotFile {
    writer: Mutex<Option<Writer>>,
    cancel: Cancel,
    start: Instant,
    path: PathBuf,
    pause_ms: f64,
    nodes: u64,
}

impl SnapshotFile {
    fn new(writer: Writer, path: PathBuf, start: Instant, pause_ms: f64, nodes: u64) -> Self {
        Self {
            cancel: writer.cancel_handle(),
            writer: Mutex::new(Some(writer)),
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
        capture::check_headroom(&options, &path, heap_used as u64, session.nodes_per_byte())?;
        Ok(Self::new(writer, path, Instant::now(), 0.0, 0))
    }

    /// Where the file will be.
    #[napi(getter, catch_unwind)]
    pub fn path(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// Hands over a chunk; false once writing has failed.
    #[napi(catch_unwind)]
    pub fn write(&self, chunk: Buffer) -> bool {
        let writer = self.writer.lock();
        writer.as_ref().is_some_and(|writer| writer.write(&chunk))
    }

    /// Waits here until the file is whole.
    #[napi(catch_unwind)]
    pub fn finish(&self) -> Result<JsOutcome> {
        let Written { path, bytes } = self.take()?.finish()?;
        Ok(outcome(path, bytes, self.pause_ms, self.start, self.nodes))
    }

    /// A promise for the whole file.
    #[napi(catch_unwind)]
    pub fn finish_async(&self) -> Result<AsyncTask<Finish>> {
        let writer = self.take()?;
        Ok(AsyncTask::new(Finish {
            wait: Some(Box::new(move || {
                writer.finish().map(|written| (written.path, written.bytes))
            })),
            pause_ms: self.pause_ms,
            nodes: self.nodes,
            start: self.start,
        }))
    }

    /// Gives the file up, also while it is being finished.
    #[napi(catch_unwind)]
    pub fn abort(&self) {
        self.cancel.cancel();
        // Dropping a writer waits until its temporary file is gone.
        drop(self.writer.lock().take());
    }

    fn take(&self) -> Result<Writer> {
        let writer = self.writer.lock().take();
        Ok(writer.ok_or(Error::SnapshotFailed("the file is closed already"))?)
    }
}
