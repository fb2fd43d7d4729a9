//! One capture when V8 is about to give up.

use super::{Cause, Request, Session};
use crate::capture::CaptureOptions;
use crate::v8::isolate::CurrentIsolate;
use crate::v8::near_heap_limit::NearHeapLimitSink;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// How far the heap limit is raised for a capture near it: an eighth, but no
/// less than this many bytes.
const LEEWAY: usize = 32 << 20;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Armed,
    Asked,
    Done,
}

/// Captures once when the heap limit is near, in two stages: raise the limit and
/// ask for an interrupt, which takes the snapshot outside the GC; if the limit
/// comes near again before that was served, take it right here, as Node does.
pub struct NearLimit {
    session: Weak<Session>,
    options: CaptureOptions,
    stage: Mutex<Stage>,
}

impl NearLimit {
    /// Armed for `session`, which it does not keep alive.
    pub fn new(session: &Arc<Session>, options: CaptureOptions) -> Self {
        Self {
            session: Arc::downgrade(session),
            options,
            stage: Mutex::new(Stage::Armed),
        }
    }
}

impl NearHeapLimitSink for NearLimit {
    fn near_limit(&self, isolate: CurrentIsolate, current: usize, _initial: usize) -> usize {
        let raised = current.saturating_add((current / 8).max(LEEWAY));
        let Some(session) = self.session.upgrade() else {
            return current;
        };
        let stage = {
            let mut stage = self.stage.lock();
            let before = *stage;
            *stage = match before {
                Stage::Armed => Stage::Asked,
                Stage::Asked | Stage::Done => Stage::Done,
            };
            before
        };
        match stage {
            Stage::Armed => {
                let asked = session.ask(Request {
                    cause: Cause::NearHeapLimit,
                    options: self.options.clone(),
                    since: Instant::now(),
                });
                if asked { raised } else { current }
            }
            Stage::Asked if !session.is_capturing() => {
                session.serve_in_gc(isolate);
                raised
            }
            // The capture itself is what needs more.
            Stage::Asked => raised,
            Stage::Done if session.is_capturing() => raised,
            Stage::Done => current,
        }
    }
}
