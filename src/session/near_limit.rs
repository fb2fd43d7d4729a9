//! One capture when V8 is about to give up.

use super::{Cause, Outcome, Request, Session};
use crate::capture::CaptureOptions;
use crate::v8::isolate::CurrentIsolate;
use crate::v8::near_heap_limit::NearHeapLimitSink;
use crate::verdict::{Limits, Trend};
use parking_lot::Mutex;
use std::io::Write;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// How far the heap limit is raised for a capture near it: an eighth, but no
/// less than this many bytes.
const LEEWAY: usize = 32 << 20;
/// How far it is raised at the end, in bytes, where somebody else is in line:
/// Node in a worker, or its own `--heapsnapshot-near-heap-limit`. V8 asks one
/// after the other, each when the limit is near again, and with less it ends
/// the process before it asks the next.
const NEXT_LEEWAY: usize = 16 << 20;

/// Captures once when the heap limit is near, in two stages: raise the limit and
/// ask for a capture, which is served outside the GC; when the limit comes near
/// again, see that capture to its end right here, and let V8 do what it would
/// have done.
pub struct NearLimit {
    session: Weak<Session>,
    options: CaptureOptions,
    /// Somebody else is to be asked after us.
    has_next: bool,
    asked: Mutex<bool>,
}

impl NearLimit {
    /// Armed for `session`, which it does not keep alive.
    pub fn new(session: &Arc<Session>, options: CaptureOptions, has_next: bool) -> Self {
        Self {
            session: Arc::downgrade(session),
            options,
            has_next,
            asked: Mutex::new(false),
        }
    }
}

impl NearHeapLimitSink for NearLimit {
    fn near_limit(&self, isolate: CurrentIsolate, current: usize, _initial: usize) -> usize {
        let raised = current.saturating_add((current / 8).max(LEEWAY));
        let Some(session) = self.session.upgrade() else {
            return current;
        };
        let asked = std::mem::replace(&mut *self.asked.lock(), true);
        if !asked {
            let asked = session.ask(Request {
                cause: Cause::NearHeapLimit,
                options: self.options.clone(),
                since: Instant::now(),
            });
            return if asked { raised } else { current };
        }
        if session.is_capturing() {
            // The capture itself is what needs more.
            return raised;
        }
        session.serve_out(isolate, Cause::NearHeapLimit);
        session.say_last_words(isolate);
        if !self.has_next {
            return current;
        }
        // Node decides, which ends a worker by an error of its own.
        session.disarm();
        current.saturating_add(NEXT_LEEWAY)
    }
}

impl Session {
    /// What became of the capture near the heap limit, and the verdict, for a
    /// process whose JavaScript will not run again.
    fn say_last_words(&self, isolate: CurrentIsolate) {
        let state = self.state.lock();
        let told = |outcome: &&Outcome| outcome.cause == Cause::NearHeapLimit;
        let snapshot = match state.outcomes.iter().rev().find(told).map(|o| &o.result) {
            Some(Ok((path, bytes))) => {
                format!("snapshot: {} ({bytes} bytes)", path.display())
            }
            Some(Err(error)) => format!("no snapshot: {error}"),
            // JavaScript has been told.
            None => return,
        };
        drop(state);
        let limits = Limits {
            heap_limit: isolate.heap_statistics().map_or(0, |s| s.heap_size_limit),
            memory_limit: None,
        };
        let Trend {
            verdict, reason, ..
        } = self.trend(&limits, None);
        let id = match self.thread_id {
            0 => std::process::id().to_string(),
            thread => format!("{}.{thread}", std::process::id()),
        };
        let words = format!(
            "leakwatch[{id}]: near the heap limit, {snapshot}\nleakwatch[{id}]: {}: {reason}\n",
            format!("{verdict:?}").to_lowercase()
        );
        // Nothing can be done where nobody reads it.
        let _ = std::io::stderr().write_all(words.as_bytes());
    }
}
