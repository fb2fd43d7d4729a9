//! What leakwatch knows about one isolate.
//!
//! The addon may be loaded several times into one isolate (a cleared require
//! cache, Jest's module registry): each load has its own Node-API environment,
//! but there is one session, one recorder, one set of hooks. It ends with the
//! last environment, on the isolate's thread, before V8 frees the isolate.

mod capturing;
mod near_limit;
mod requests;

use crate::capture::{CaptureOptions, forked};
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
use std::sync::Arc;

pub use capturing::Capturing;
pub use requests::{Cause, Outcome, Request};

/// Baselines kept unless `window` says otherwise.
pub const DEFAULT_WINDOW: usize = 240;
static SESSIONS: Mutex<BTreeMap<IsolateId, Arc<Session>>> = Mutex::new(BTreeMap::new());

/// Wakes an isolate's event loop from another thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Something to be done on an isolate's own thread, at its next safe point;
/// told whether that is inside a GC.
pub type Errand = Box<dyn FnOnce(CurrentIsolate, bool) + Send>;

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
    /// `has_next`: V8 is to ask somebody else after us.
    pub fn guard_heap_limit(self: &Arc<Self>, options: CaptureOptions, has_next: bool) -> bool {
        let Some(isolate) = self.current() else {
            return false;
        };
        if self.state.lock().near_limit.is_some() {
            return true;
        }
        let sink = Arc::new(NearLimit::new(self, options, has_next));
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

    /// Takes the capture near the heap limit out again.
    pub fn disarm(&self) {
        let near = self.state.lock().near_limit.take();
        if let Some(near) = near {
            near.remove();
        }
    }

    fn is_capturing(&self) -> bool {
        self.state.lock().capturing
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
