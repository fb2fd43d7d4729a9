//! How a copy ended, and whether another one may do better.

use crate::error::Error;
use crate::v8::fork::{Ended, Exit, Progress};

/// Why one copy came to nothing.
pub(super) enum Failure {
    /// Another one may do better.
    Again(String),
    /// It makes no sense to go on.
    Final(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// What is known of a copy besides how it ended.
pub(super) struct Ending<'a> {
    pub(super) progress: &'a Progress,
    /// Bytes it was allowed to allocate.
    pub(super) budget: u64,
    /// The budget is an option's, and not what the system has left.
    pub(super) is_chosen: bool,
    /// Of the isolate it was copied from, in bytes.
    pub(super) heap_used: u64,
}

impl Ending<'_> {
    pub(super) fn judge(&self, ended: Ended) -> Result<(), Failure> {
        let code = match ended {
            Ended::Signal(libc::SIGKILL) => return Err(self.short_of_memory(0, "kernel")),
            Ended::Signal(signal) => {
                return Err(Failure::Again(format!("the copy died of signal {signal}")));
            }
            Ended::Code(code) => code,
        };
        let why = match Exit::of(code) {
            Some(Exit::Done) => return Ok(()),
            Some(Exit::OverBudget) => {
                let limited_by = if self.is_chosen {
                    "option memoryLimit"
                } else {
                    "system"
                };
                return Err(self.short_of_memory(self.budget, limited_by));
            }
            Some(Exit::WouldWait) => "the copy would have waited for a thread that it lacks",
            Some(Exit::Locked) => "a lock that the copy needed was held by another thread",
            Some(Exit::Unprepared) => "the copy could not get itself ready",
            Some(Exit::NoSnapshot) => "V8 gave the copy no snapshot",
            Some(Exit::Unheard) => "nobody read what the copy wrote",
            Some(Exit::Panicked) => "the copy failed by a fault of leakwatch's own",
            Some(Exit::Orphaned) => "the copy took itself for an orphan",
            None => return Err(Failure::Again(format!("the copy ended with code {code}"))),
        };
        Err(Failure::Again(why.into()))
    }

    fn short_of_memory(&self, available: u64, limited_by: &'static str) -> Failure {
        Failure::Final(Error::NotEnoughMemory {
            needed: self.progress.memory(),
            available,
            limited_by,
            heap_used: self.heap_used,
        })
    }
}
