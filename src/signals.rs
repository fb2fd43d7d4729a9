//! Snapshots on a signal: one thread that passes each signal on to the isolates.

use crate::capture::CaptureOptions;
use crate::error::Error;
use crate::session::{Cause, Request, Session};
use crate::v8::isolate::IsolateId;
use crate::v8::signal::{self, Event, Signal};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often to look whether someone has put a handler in place of ours.
const RECLAIM_EVERY_MS: i32 = 500;

/// What one call of `snapshotOnSignal` asked for.
#[derive(Clone, Debug)]
pub struct Registration {
    /// On which signal.
    pub signal: Signal,
    /// For which isolate; watched isolates without a registration of their own
    /// for the signal join in.
    pub isolate: IsolateId,
    /// How.
    pub options: CaptureOptions,
    /// Signals that come sooner after the last one served are ignored.
    pub cooldown: Duration,
    /// Signals after this many served are ignored; 0 for no maximum.
    pub max: u32,
}

struct Entry {
    id: u32,
    registration: Registration,
    served: u32,
    last: Option<Instant>,
    /// The maximum has been complained of once.
    told: bool,
}

struct Table {
    entries: Vec<Entry>,
    next_id: u32,
    thread: bool,
}

static TABLE: Mutex<Table> = Mutex::new(Table {
    entries: Vec::new(),
    next_id: 1,
    thread: false,
});

/// Begins to serve a signal; returns what [`unregister`] takes.
pub fn register(registration: Registration) -> Result<u32, Error> {
    let failed = |source| Error::Unavailable {
        what: "signal",
        why: format!("the signal handler could not be installed: {source}"),
    };
    let mut table = TABLE.lock();
    signal::open().map_err(failed)?;
    signal::install(registration.signal).map_err(failed)?;
    if !table.thread {
        std::thread::Builder::new()
            .name("leakwatch-signal".into())
            .spawn(run)
            .map_err(failed)?;
        table.thread = true;
    }
    let id = table.next_id;
    table.next_id = id.wrapping_add(1);
    table.entries.push(Entry {
        id,
        registration,
        served: 0,
        last: None,
        told: false,
    });
    drop(table);
    signal::wake();
    Ok(id)
}

/// Ends one registration; the signal is given back with its last one.
pub fn unregister(id: u32) {
    let mut table = TABLE.lock();
    let Some(at) = table.entries.iter().position(|entry| entry.id == id) else {
        return;
    };
    let gone = table.entries.remove(at).registration.signal;
    release(&table, gone);
}

/// Ends all registrations of an isolate that goes away.
pub fn forget(isolate: IsolateId) {
    let mut table = TABLE.lock();
    let (gone, kept): (Vec<Entry>, Vec<Entry>) = std::mem::take(&mut table.entries)
        .into_iter()
        .partition(|entry| entry.registration.isolate == isolate);
    table.entries = kept;
    for entry in gone {
        release(&table, entry.registration.signal);
    }
}

/// Puts our handler back on top right away, where someone is known to have
/// touched the signal.
pub fn reclaim(signal: Signal) {
    let table = TABLE.lock();
    if table
        .entries
        .iter()
        .any(|entry| entry.registration.signal == signal)
    {
        signal::reclaim(signal);
    }
}

fn release(table: &Table, signal: Signal) {
    let used = table
        .entries
        .iter()
        .any(|entry| entry.registration.signal == signal);
    if !used {
        signal::uninstall(signal);
    }
}

fn run() {
    loop {
        let idle = TABLE.lock().entries.is_empty();
        match signal::wait((!idle).then_some(RECLAIM_EVERY_MS)) {
            Event::Signal(signal) => dispatch(signal),
            Event::Idle => {
                let table = TABLE.lock();
                for entry in &table.entries {
                    signal::reclaim(entry.registration.signal);
                }
            }
        }
    }
}

fn dispatch(signal: Signal) {
    let due = due(signal, Instant::now());
    let cause = Cause::Signal(signal.name());
    for Due { session, id, what } in due {
        match what {
            Ok(options) => {
                let asked = session.ask(Request {
                    cause,
                    options,
                    since: Instant::now(),
                });
                // A full queue means that as many snapshots are under way; one
                // that is not taken does not count towards the maximum.
                if !asked {
                    refund(id);
                }
            }
            Err(error) => session.report_error(cause, error),
        }
    }
}

fn refund(id: Option<u32>) {
    let mut table = TABLE.lock();
    let entry = table.entries.iter_mut().find(|entry| Some(entry.id) == id);
    if let Some(entry) = entry {
        entry.served = entry.served.saturating_sub(1);
    }
}

struct Due {
    session: Arc<Session>,
    /// The registration that this counts for.
    id: Option<u32>,
    what: Result<CaptureOptions, Error>,
}

/// Who is to take a snapshot now: the isolates that asked for this signal and
/// are past their cooldown, and the watched ones that did not.
fn due(signal: Signal, now: Instant) -> Vec<Due> {
    let sessions = Session::all();
    let mut table = TABLE.lock();
    let mut due = Vec::new();
    let mut shared = None;
    let mut own = Vec::new();
    for entry in &mut table.entries {
        if entry.registration.signal != signal {
            continue;
        }
        let isolate = entry.registration.isolate;
        own.push(isolate);
        let Some(session) = sessions.iter().find(|s| s.isolate() == isolate) else {
            continue;
        };
        let what = match entry.admit(now) {
            Admission::Yes => {
                let options = entry.registration.options.clone();
                shared.get_or_insert_with(|| options.clone());
                Ok(options)
            }
            Admission::Exhausted => Err(entry.exhausted()),
            Admission::No => continue,
        };
        due.push(Due {
            session: Arc::clone(session),
            id: Some(entry.id),
            what,
        });
    }
    let Some(shared) = shared else { return due };
    for session in sessions {
        if session.is_watching() && !own.contains(&session.isolate()) {
            let options = for_worker(&shared, session.thread_id());
            due.push(Due {
                session,
                id: None,
                what: Ok(options),
            });
        }
    }
    due
}

/// A fixed file name is one isolate's; the others add their thread to it.
fn for_worker(options: &CaptureOptions, thread_id: u32) -> CaptureOptions {
    let mut options = options.clone();
    if let Some(path) = &mut options.path {
        let distinct = ["{tid}", "{seq}"].iter().any(|p| path.contains(p));
        let directory =
            path.ends_with(std::path::is_separator) || std::path::Path::new(&path).is_dir();
        if !distinct && !directory {
            *path = format!("{path}.{thread_id}");
        }
    }
    options
}

enum Admission {
    Yes,
    No,
    Exhausted,
}

impl Entry {
    fn admit(&mut self, now: Instant) -> Admission {
        let Registration { cooldown, max, .. } = self.registration;
        if self
            .last
            .is_some_and(|last| now.saturating_duration_since(last) < cooldown)
        {
            return Admission::No;
        }
        if max > 0 && self.served >= max {
            let told = std::mem::replace(&mut self.told, true);
            return if told {
                Admission::No
            } else {
                Admission::Exhausted
            };
        }
        self.last = Some(now);
        self.served += 1;
        Admission::Yes
    }

    fn exhausted(&self) -> Error {
        Error::Unavailable {
            what: "signal",
            why: format!(
                "{} snapshots were taken on {}, which is the maximum; raise max or call \
                 snapshotOnSignal again",
                self.served,
                self.registration.signal.name()
            ),
        }
    }
}
