//! Up to the fork: everything is got ready here, and the isolate forks at its next safe point.

use super::copy::copy;
use super::ending::Failure;
use super::{Capture, GLANCE, gone};
use crate::capture::{CaptureOptions, Room};
use crate::error::Error;
use crate::headroom::{Free, Work};
use crate::session::Session;
use crate::snapshot::temporary::directory_of;
use crate::v8::fork::{Prepared, Running, Settings};
use crate::v8::isolate::CurrentIsolate;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// The memory marks are put back if the isolate has not come to a safe point by
/// then; it is asked again once it has.
const FRESH: Duration = Duration::from_millis(500);
/// How often everything is got ready again because the heap grew meanwhile,
/// before it is done while the isolate stands still.
const PREPARATIONS: u32 = 5;

/// What the isolate answers.
enum Reply {
    Forked(std::io::Result<Running>, u64),
    /// The preparations had been undone by then, or the heap has grown.
    Stale,
    Refused(Error),
}

/// And from when to when it stood still for that.
type Answer = (Reply, Instant, Instant);

impl Capture<'_> {
    /// Gets everything ready and has the isolate fork.
    pub(super) fn launch(
        &mut self,
        path: &Path,
        free: Free,
        budget: u64,
    ) -> Result<(Running, u64), Failure> {
        for again in 0.. {
            self.job.check(self.deadline)?;
            let settings = Settings::new(self.options.niceness, budget);
            let prepared = Prepared::new(settings)
                .map_err(|error| Failure::Again(format!("it could not be prepared: {error}")))?;
            match self.ask(prepared, again >= PREPARATIONS, path, free)? {
                Reply::Stale => continue,
                Reply::Refused(error) => return Err(error.into()),
                Reply::Forked(Err(error), _) => {
                    return Err(Failure::Again(format!(
                        "the system refused to fork: {error}"
                    )));
                }
                Reply::Forked(Ok(running), heap_used) => return Ok((running, heap_used)),
            }
        }
        Err(Error::Aborted.into())
    }

    /// Has the isolate's thread fork at its next safe point, and waits for that.
    fn ask(
        &mut self,
        prepared: Prepared,
        last: bool,
        path: &Path,
        free: Free,
    ) -> Result<Reply, Error> {
        let slot = Arc::new(Mutex::new(Some(prepared)));
        let (sender, answers) = sync_channel(1);
        let (options, session) = (self.options.clone(), Arc::clone(self.session));
        let analysis = self.analysis.clone();
        let (theirs, path) = (Arc::clone(&slot), path.to_path_buf());
        // What functions under way hold is dominated by the stack, and would look
        // new to a comparison: the event loop comes first.
        let patient = self.analysis.is_some();
        let errand = Box::new(move |isolate, in_gc| {
            let start = Instant::now();
            // Taken out first: the copy must not find this lock held.
            let prepared = theirs.lock().take();
            let reply = match prepared {
                None => Reply::Stale,
                Some(prepared) if !last && !prepared.is_current() => Reply::Stale,
                Some(prepared) if last && prepared.refresh().is_err() => Reply::Stale,
                Some(prepared) => {
                    match check(&session, isolate, &options, analysis.is_some(), &path, free) {
                        Err(error) => Reply::Refused(error),
                        Ok(heap_used) => Reply::Forked(
                            prepared.fork(|pipe, progress| {
                                let analysis = analysis.as_deref();
                                copy(
                                    isolate,
                                    options.numeric_values,
                                    analysis,
                                    in_gc,
                                    pipe,
                                    progress,
                                )
                            }),
                            heap_used,
                        ),
                    }
                }
            };
            // Nobody listens if the capture was given up; the copy ends with the reply.
            let _ = sender.send((reply, start, Instant::now()));
        });
        if !self.session.errand(errand, patient) {
            return Err(gone());
        }
        let (reply, start, end) = self.answer(&answers, &slot, patient)?;
        self.pause += end.duration_since(start);
        self.reached.get_or_insert(start);
        Ok(reply)
    }

    fn answer(
        &self,
        answers: &Receiver<Answer>,
        slot: &Mutex<Option<Prepared>>,
        mut patient: bool,
    ) -> Result<Answer, Error> {
        let asked = Instant::now();
        loop {
            match answers.recv_timeout(GLANCE) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if patient {
                self.session.knock();
                patient = false;
            }
            let given_up = self.job.check(self.deadline);
            if given_up.is_err() || asked.elapsed() > FRESH {
                drop(slot.lock().take());
            }
            given_up?;
        }
    }
}

/// On the isolate's thread, so all it does is arithmetic.
fn check(
    session: &Session,
    isolate: CurrentIsolate,
    options: &CaptureOptions,
    analysed: bool,
    path: &Path,
    free: Free,
) -> Result<u64, Error> {
    let heap_used = isolate.heap_statistics().map_or(0, |s| s.used_heap_size);
    let compressed = options.is_compressed();
    let work = if analysed {
        Work::ForkedAnalysis
    } else {
        Work::ForkedFile { compressed }
    };
    let room = Room {
        heap_used,
        nodes_per_byte: session.nodes_per_byte(),
        free,
        directory: directory_of(path),
    };
    options.check_headroom(work, room)?;
    Ok(heap_used)
}
