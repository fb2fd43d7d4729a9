//! Where a process cannot be copied: every capture is taken here.

use super::{CaptureOptions, Forked, Task};
use crate::error::Error;
use crate::session::Session;
use std::sync::Arc;

pub use crate::v8::fork::supported;

/// A capture under way, of which there is none.
pub struct Job;

impl Job {
    /// Gives it up.
    pub fn cancel(&self) {}

    /// Bytes so far, and whether they have begun to come.
    pub fn written(&self) -> (u64, bool) {
        (0, false)
    }

    /// Whether all is written.
    pub fn is_whole(&self) -> bool {
        false
    }

    /// Gives the file its name.
    pub fn approve(&self) {}
}

/// Refuses.
pub fn start(
    _session: &Arc<Session>,
    _options: CaptureOptions,
    _task: Task,
    _done: impl FnOnce(Result<Forked, Error>) + Send + 'static,
) -> Result<Arc<Job>, Error> {
    Err(Error::Unavailable {
        what: "fork",
        why: supported().err().unwrap_or_default().into(),
    })
}
