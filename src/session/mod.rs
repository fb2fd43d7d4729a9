//! What leakwatch knows about one isolate.
//!
//! The addon may be loaded several times into one isolate (a cleared require
//! cache, Jest's module registry): each load has its own Node-API environment,
//! but there is one session, one recorder, one set of hooks. It ends with the
//! last environment, on the isolate's thread, before V8 frees the isolate.

mod near_limit;

use crate::capture::{self, CaptureOptions, Mode, forked};
use crate::error::Error;
use crate::recorder::{GcNumbers, Recorder};
use crate::signals;
use crate::trend::Baseline;
use crate::v8::gc::GcHooks;
use crate::v8::interrupt;
use crate::v8::isolate::{CurrentIsolate, IsolateId};
use crate::v8::near_heap_limit::NearHeapLimitHook;
use crate::verdict::{self, Alarm, Limits, Thresholds, Trend};
use near_limit::NearLimit;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Baselines kept unless `window` says otherwise.
pub const DEFAULT_WINDOW: usize = 240;
/// Requests that may wait for one isolate; a thousand signals are one wish.
const MAX_PENDING: usize = 4;
/// How long a GC waits at a time for a copy of the process to be done.
const GLANCE: Duration = Duration::from_millis(2);
/// Outcomes kept for an isolate that never asks for them.
const MAX_OUTCOMES: usize = 64;
static SESSIONS: Mutex<BTreeMap<IsolateId, Arc<Session>>> = Mutex::new(BTreeMap::new());

/// Wakes an isolate's event loop from another thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Something to be done on an isolate's own thread, at its next safe point;
/// told whether that is inside a GC.
pub type Errand = Box<dyn FnOnce(CurrentIsolate, bool) + Send>;

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

/// One isolate's state.
pub struct Session {
    isolate: IsolateId,
    thread_id: u32,
    recorder: Arc<Recorder>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Node-API environments, by address, with how to wake each one's loop.
    environments: HashMap<usize, Option<Wake>>,
    hooks: Option<GcHooks>,
    near_limit: Option<NearHeapLimitHook>,
    watching: bool,
    thresholds: Option<Thresholds>,
    alarm: Alarm,
    pending_baseline: Option<Baseline>,
    nodes_per_byte: Option<f64>,
    ids_kept: bool,
    capturing: bool,
    requests: VecDeque<Request>,
    errands: VecDeque<Errand>,
    /// Requests that copies of the process see to.
    forks: Vec<(Cause, Arc<forked::Job>)>,
    /// The environments have ended.
    gone: bool,
    outcomes: VecDeque<Outcome>,
}

/// Ends a capture when dropped.
pub struct Capturing<'a>(&'a Session);

impl Drop for Capturing<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.capturing = false;
        let waiting = !state.requests.is_empty() || !state.errands.is_empty();
        drop(state);
        if waiting {
            self.0.knock();
        }
    }
}

impl Session {
    /// The session of the current isolate; the first caller makes it.
    pub fn join(
        isolate: IsolateId,
        environment: usize,
        thread_id: u32,
        numbers: GcNumbers,
    ) -> Arc<Self> {
        let mut sessions = SESSIONS.lock();
        let session = sessions.entry(isolate).or_insert_with(|| {
            Arc::new(Self {
                isolate,
                thread_id,
                recorder: Arc::new(Recorder::new(numbers, DEFAULT_WINDOW)),
                state: Mutex::default(),
            })
        });
        let mut state = session.state.lock();
        state.environments.entry(environment).or_insert(None);
        drop(state);
        Arc::clone(session)
    }

    /// Called from an environment's cleanup hook, on the isolate's thread. The
    /// last one ends the session.
    pub fn leave(isolate: IsolateId, environment: usize) {
        let session = {
            let mut sessions = SESSIONS.lock();
            let Some(session) = sessions.get(&isolate) else {
                return;
            };
            let mut state = session.state.lock();
            state.environments.remove(&environment);
            let last = state.environments.is_empty();
            drop(state);
            if !last {
                return;
            }
            sessions.remove(&isolate)
        };
        // Outside the table's lock: removing hooks calls into V8.
        if let Some(session) = session {
            interrupt::deny(isolate);
            signals::forget(isolate);
            session.unwatch();
            let mut state = session.state.lock();
            state.gone = true;
            let errands = std::mem::take(&mut state.errands);
            drop(state);
            // Whoever waits for one hears that there will be no answer.
            drop(errands);
        }
    }

    /// The session of an isolate.
    pub fn of(isolate: IsolateId) -> Option<Arc<Self>> {
        SESSIONS.lock().get(&isolate).cloned()
    }

    /// All sessions of the process.
    pub fn all() -> Vec<Arc<Self>> {
        SESSIONS.lock().values().cloned().collect()
    }

    /// Which isolate.
    pub fn isolate(&self) -> IsolateId {
        self.isolate
    }

    /// 0 on the main thread, else `worker_threads.threadId`.
    pub fn thread_id(&self) -> u32 {
        self.thread_id
    }

    /// Whether its environments have ended.
    pub fn is_gone(&self) -> bool {
        self.state.lock().gone
    }

    /// The records.
    pub fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// Whether `start()` is in force.
    pub fn is_watching(&self) -> bool {
        self.state.lock().watching
    }

    /// Hooks the GC callbacks in; false where V8 offers none.
    pub fn watch(&self, natural: bool, window: Option<usize>, thresholds: Thresholds) -> bool {
        self.recorder.watch(natural, window);
        let mut state = self.state.lock();
        state.watching = true;
        state.thresholds = Some(thresholds);
        if state.hooks.is_none()
            && let Some(isolate) = self.current()
        {
            drop(state);
            // V8 allocates while it adds a callback; no lock is held.
            let hooks = GcHooks::install(isolate, self.recorder.clone());
            state = self.state.lock();
            state.hooks = hooks;
        }
        state.hooks.is_some()
    }

    /// Takes all hooks out again.
    pub fn unwatch(&self) {
        self.recorder.watch(false, None);
        let mut state = self.state.lock();
        state.watching = false;
        state.requests.clear();
        for (_, job) in state.forks.drain(..) {
            job.cancel();
        }
        let (hooks, near) = (state.hooks.take(), state.near_limit.take());
        drop(state);
        if let Some(hooks) = hooks {
            hooks.remove();
        }
        if let Some(near) = near {
            near.remove();
        }
        self.end_kept_ids();
    }

    /// Arms the capture near the heap limit; false where V8 does not tell.
    pub fn guard_heap_limit(self: &Arc<Self>, options: CaptureOptions) -> bool {
        let Some(isolate) = self.current() else {
            return false;
        };
        if self.state.lock().near_limit.is_some() {
            return true;
        }
        let sink = Arc::new(NearLimit::new(self, options));
        let Some(hook) = NearHeapLimitHook::install(isolate, sink) else {
            return false;
        };
        self.reach();
        self.state.lock().near_limit = Some(hook);
        true
    }

    /// Lets other threads interrupt this isolate.
    pub fn reach(&self) -> bool {
        self.current()
            .is_some_and(|isolate| interrupt::allow(isolate, serve))
    }

    /// How to wake the event loop of an environment.
    pub fn set_wake(&self, environment: usize, wake: Option<Wake>) {
        let mut state = self.state.lock();
        if let Some(slot) = state.environments.get_mut(&environment) {
            *slot = wake;
        }
    }

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
        match forked::start(self, options, true, move |result| {
            session.forked(request, result)
        }) {
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
            Ok(forked) => self.report(Outcome {
                cause,
                pause_ms: forked.pause_ms,
                waited_ms: forked
                    .reached
                    .saturating_duration_since(request.since)
                    .as_secs_f64()
                    * 1000.0,
                nodes: forked.nodes,
                result: Ok((forked.path, forked.bytes)),
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
    /// ended. Callable from any thread.
    pub fn errand(&self, errand: Errand) -> bool {
        let mut state = self.state.lock();
        if state.gone {
            return false;
        }
        state.errands.push_back(errand);
        drop(state);
        self.knock();
        true
    }

    /// Makes the isolate look at its requests, busy or idle.
    fn knock(&self) {
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

    /// Takes the capture near the heap limit out again.
    pub fn disarm(&self) {
        let near = self.state.lock().near_limit.take();
        if let Some(near) = near {
            near.remove();
        }
    }

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

    fn is_capturing(&self) -> bool {
        self.state.lock().capturing
    }

    /// Serves, inside a GC, until nothing is under way for `cause` any more.
    fn serve_out(&self, isolate: CurrentIsolate, cause: Cause) {
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

    /// Claims the isolate for one capture.
    pub fn begin_capture(&self) -> Result<Capturing<'_>, Error> {
        let mut state = self.state.lock();
        if state.capturing {
            return Err(Error::Busy);
        }
        state.capturing = true;
        Ok(Capturing(self))
    }

    /// Ends V8's object ids after a snapshot, unless they are to be kept for a
    /// diff by id.
    pub fn end_ids(&self, isolate: CurrentIsolate, keep: bool) {
        self.state.lock().ids_kept = keep;
        if !keep {
            isolate.clear_object_ids();
        }
    }

    /// Ends ids that an earlier snapshot kept. One that is being taken sees to
    /// that itself: its nodes have ids still.
    fn end_kept_ids(&self) {
        let mut state = self.state.lock();
        let had = std::mem::take(&mut state.ids_kept);
        let capturing = state.capturing;
        drop(state);
        if had
            && !capturing
            && let Some(isolate) = self.current()
        {
            isolate.clear_object_ids();
        }
    }

    /// Nodes per byte of heap in the last snapshot.
    pub fn nodes_per_byte(&self) -> Option<f64> {
        self.state.lock().nodes_per_byte
    }

    /// Remembers how large a snapshot was, for the next headroom check.
    pub fn learn(&self, nodes: u64, heap_used: u64) {
        if heap_used > 0 {
            self.state.lock().nodes_per_byte = Some(nodes as f64 / heap_used as f64);
        }
    }

    /// Keeps a baseline until JavaScript has told Node's part of it.
    pub fn set_pending(&self, baseline: Baseline) {
        self.state.lock().pending_baseline = Some(baseline);
    }

    /// The baseline kept by [`Session::set_pending`].
    pub fn take_pending(&self) -> Option<Baseline> {
        self.state.lock().pending_baseline.take()
    }

    /// Judges the recent baselines together with the whole run.
    pub fn trend(&self, limits: &Limits, thresholds: Option<Thresholds>) -> Trend {
        let own = self.state.lock().thresholds;
        let thresholds = thresholds.or(own).unwrap_or_default();
        let recent = verdict::judge(&self.recorder.baselines(0), limits, &thresholds);
        let long = self.recorder.long_series();
        verdict::combine(recent, &verdict::judge(&long, limits, &thresholds))
    }

    /// Whether this trend is news to be alarmed about.
    pub fn alarm(&self, trend: &Trend) -> bool {
        self.state.lock().alarm.observe(trend)
    }

    /// Forgets records and alarms.
    pub fn reset(&self) {
        self.recorder.reset();
        self.state.lock().alarm = Alarm::default();
    }

    fn current(&self) -> Option<CurrentIsolate> {
        CurrentIsolate::get().filter(|isolate| isolate.id() == self.isolate)
    }
}

/// The interrupt handler of every isolate.
fn serve(isolate: CurrentIsolate) {
    if let Some(session) = Session::of(isolate.id()) {
        session.serve(isolate);
    }
}
