//! What others ask of an isolate: from any thread, served at its next safe point.

use super::{Errand, Session, Wake};
use crate::capture::{self, CaptureOptions, Mode, Product, Task, forked};
use crate::error::Error;
use crate::v8::interrupt;
use crate::v8::isolate::CurrentIsolate;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Requests that may wait for one isolate; a thousand signals are one wish.
const MAX_PENDING: usize = 4;
/// How long a GC waits at a time for a copy of the process to be done.
const GLANCE: Duration = Duration::from_millis(2);
/// Outcomes kept for an isolate that never asks for them.
const MAX_OUTCOMES: usize = 64;

/// Why a snapshot was taken that no line of JavaScript asked for just then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The signal of this name.
    Signal(&'static str),
    /// V8 was about to give up.
    NearHeapLimit,
}

impl Cause {
    /// The word in the `'snapshot'` event.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signal(name) => name,
            Self::NearHeapLimit => "nearHeapLimit",
        }
    }
}

/// A wish that waits for its isolate to come to a safe point.
#[derive(Clone, Debug)]
pub struct Request {
    /// What for.
    pub cause: Cause,
    /// How.
    pub options: CaptureOptions,
    /// Since when.
    pub since: Instant,
}

/// What became of a request.
#[derive(Debug)]
pub struct Outcome {
    /// What for.
    pub cause: Cause,
    /// The file and its size in bytes, or why there is none.
    pub result: Result<(PathBuf, u64), Error>,
    /// How long the isolate stood still, in milliseconds.
    pub pause_ms: f64,
    /// How long the request waited before it was served, in milliseconds.
    pub waited_ms: f64,
    /// Nodes of the graph.
    pub nodes: u64,
    /// Where it was taken.
    pub mode: Mode,
}

impl Session {
    /// Leaves a request and sees to it that the isolate finds it, busy or idle.
    /// Callable from any thread.
    pub fn ask(self: &Arc<Self>, request: Request) -> bool {
        let state = self.state.lock();
        if state.gone || state.requests.len() + state.forks.len() >= MAX_PENDING {
            return false;
        }
        drop(state);
        if request.options.forks() {
            self.ask_forked(request);
        } else {
            self.ask_here(request);
        }
        true
    }

    fn ask_here(&self, request: Request) {
        self.state.lock().requests.push_back(request);
        self.knock();
    }

    /// Whether copies of the process see to requests of this isolate.
    pub fn is_forking(&self) -> bool {
        !self.state.lock().forks.is_empty()
    }

    /// Has a copy of the process serve it.
    fn ask_forked(self: &Arc<Self>, request: Request) {
        // Held until the job is noted, so that its end is noted after it.
        let mut state = self.state.lock();
        let (session, cause) = (Arc::clone(self), request.cause);
        let options = request.options.clone();
        let again = request.clone();
        match forked::start(
            self,
            options,
            Task::File { approved: true },
            move |result| session.forked(request, result),
        ) {
            Ok(job) => {
                state.forks.push((cause, job));
                drop(state);
                // So that the loop is told before it may end.
                self.wake();
            }
            Err(error) => {
                drop(state);
                self.not_forked(again, error);
            }
        }
    }

    /// On the thread that saw to the copy.
    fn forked(&self, request: Request, result: Result<capture::Forked, Error>) {
        let cause = request.cause;
        match result {
            Err(Error::Aborted) => {}
            Err(error) => self.not_forked(request, error),
            Ok(capture::Forked {
                product: Product::Capture(_),
                ..
            }) => {}
            Ok(capture::Forked {
                product: Product::File(path, bytes),
                pause_ms,
                reached,
                nodes,
                ..
            }) => self.report(Outcome {
                cause,
                pause_ms,
                waited_ms: reached
                    .saturating_duration_since(request.since)
                    .as_secs_f64()
                    * 1000.0,
                nodes,
                result: Ok((path, bytes)),
                mode: Mode::Fork,
            }),
        }
        // Last, so that it is never neither under way nor told of.
        let mut state = self.state.lock();
        if let Some(at) = state.forks.iter().position(|(of, _)| *of == cause) {
            state.forks.remove(at);
        }
    }

    /// No copy could be made that came to its end: here, then, if that is allowed.
    fn not_forked(&self, request: Request, error: Error) {
        let other_way = matches!(error, Error::ForkFailed { .. } | Error::Unavailable { .. });
        if other_way && request.options.mode == Mode::Auto {
            self.ask_here(request);
        } else {
            self.report_error(request.cause, error);
        }
    }

    /// Has something done on the isolate's thread, busy or idle; false if it has
    /// ended. A patient one waits for the event loop until [`Session::knock`].
    /// Callable from any thread.
    pub fn errand(&self, errand: Errand, patient: bool) -> bool {
        let mut state = self.state.lock();
        if state.gone {
            return false;
        }
        state.errands.push_back(errand);
        drop(state);
        if patient {
            self.wake();
        } else {
            self.knock();
        }
        true
    }

    /// Makes the isolate look at its requests, busy or idle.
    pub fn knock(&self) {
        interrupt::request(self.isolate);
        self.wake();
    }

    fn wake(&self) {
        let state = self.state.lock();
        let wakes: Vec<Wake> = state.environments.values().flatten().cloned().collect();
        drop(state);
        for wake in wakes {
            wake();
        }
    }

    /// Serves what was asked for, on the isolate's own thread.
    pub fn serve(&self, isolate: CurrentIsolate) {
        self.serve_all(isolate, false);
    }

    fn serve_all(&self, isolate: CurrentIsolate, in_gc: bool) {
        loop {
            // Claimed under the lock, so that interrupt and event loop, both of
            // which were woken, serve it once. While JavaScript of a capture's
            // progress callback runs, requests wait for the capture to end.
            let request = {
                let mut state = self.state.lock();
                if state.capturing {
                    return;
                }
                if let Some(errand) = state.errands.pop_front() {
                    drop(state);
                    errand(isolate, in_gc);
                    continue;
                }
                state.requests.pop_front()
            };
            let Some(request) = request else { return };
            let waited_ms = request.since.elapsed().as_secs_f64() * 1000.0;
            let captured = capture::capture(self, isolate, &request.options, &mut |_| true);
            let (pause_ms, nodes) = captured
                .as_ref()
                .map_or((0.0, 0), |c| (c.pause_ms, c.nodes));
            let result = captured.and_then(capture::Captured::finish);
            if request.cause == Cause::NearHeapLimit {
                self.disarm();
            }
            self.report(Outcome {
                cause: request.cause,
                result,
                pause_ms,
                waited_ms,
                nodes,
                mode: Mode::Inline,
            });
        }
    }

    fn report(&self, outcome: Outcome) {
        let mut state = self.state.lock();
        if state.outcomes.len() >= MAX_OUTCOMES {
            state.outcomes.pop_front();
        }
        state.outcomes.push_back(outcome);
        drop(state);
        self.wake();
    }

    /// Notes something that went wrong where nobody could be told.
    pub fn report_error(&self, cause: Cause, error: Error) {
        self.report(Outcome {
            cause,
            result: Err(error),
            pause_ms: 0.0,
            waited_ms: 0.0,
            nodes: 0,
            mode: Mode::Inline,
        });
    }

    /// What became of the requests since the last call.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.state.lock().outcomes.drain(..).collect()
    }

    /// Serves, inside a GC, until nothing is under way for `cause` any more.
    pub(super) fn serve_out(&self, isolate: CurrentIsolate, cause: Cause) {
        loop {
            self.serve_all(isolate, true);
            let state = self.state.lock();
            let asked = state.requests.iter().any(|request| request.cause == cause);
            let forked = state.forks.iter().any(|(of, _)| *of == cause);
            drop(state);
            if !asked && !forked {
                return;
            }
            std::thread::sleep(GLANCE);
        }
    }
}
