//! A capture in a copy, as others see it, and until when it may go on.

use crate::error::Error;
use crate::v8::fork::{Phase, Progress};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A capture under way, as others see it.
#[derive(Default)]
pub struct Job {
    pub(super) cancelled: AtomicBool,
    pub(super) written: AtomicU64,
    pub(super) progress: Mutex<Option<Arc<Progress>>>,
    /// All is written; the file's name waits for [`Job::approve`].
    pub(super) whole: AtomicBool,
    pub(super) approved: AtomicBool,
}

impl Job {
    /// Gives it up; the copy is ended.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Bytes so far, and whether they have begun to come.
    pub fn written(&self) -> (u64, bool) {
        let writing = self
            .progress
            .lock()
            .as_ref()
            .is_some_and(|progress| progress.phase() == Phase::Write);
        (self.written.load(Ordering::Relaxed), writing)
    }

    /// Whether all is written and the file waits for its name.
    pub fn is_whole(&self) -> bool {
        self.whole.load(Ordering::Acquire)
    }

    /// Gives the file its name.
    pub fn approve(&self) {
        self.approved.store(true, Ordering::Release);
    }

    pub(super) fn check(&self, deadline: Deadline) -> Result<(), Error> {
        if self.cancelled.load(Ordering::Acquire) {
            return Err(Error::Aborted);
        }
        deadline.check()
    }
}

#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) after: Duration,
}

impl Deadline {
    pub(super) fn check(self) -> Result<(), Error> {
        if Instant::now() < self.at {
            return Ok(());
        }
        Err(Error::TimedOut { after: self.after })
    }
}
