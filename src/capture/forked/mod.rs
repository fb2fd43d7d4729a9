//! A snapshot taken in a copy of the process: the isolate stands still for the
//! copying alone.
//!
//! A thread of its own sees to each capture: it gets everything ready, asks the
//! isolate to fork at its next safe point, passes on what the copy writes, and
//! forks again if the copy came to nothing. A copy can fail without fault of
//! anybody's: a lock was held, a concurrent marker was under way.

mod copy;
mod ending;
mod job;
mod watchdog;

use self::copy::{CAPTURE, copy};
use self::ending::{Ending, Failure};
use self::job::Deadline;
use self::watchdog::{Look, Watchdog};
use super::analysis::Analysis;
use super::{CaptureOptions, Forked, Product, Room, Task, resolve};
use crate::captured::MAX_BYTES;
use crate::error::Error;
use crate::headroom::{self, Free, Work};
use crate::session::Session;
use crate::snapshot::writer::directory_of;
use crate::system;
use crate::v8::fork::{Ended, Prepared, Running, Settings};
use crate::v8::isolate::CurrentIsolate;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

pub use self::job::Job;
pub use crate::v8::fork::supported;

/// Copies made for one snapshot before it is given up. One in a hundred fails
/// under heavy allocation.
pub const ATTEMPTS: u32 = 8;
/// The memory marks are put back if the isolate has not come to a safe point by
/// then; it is asked again once it has.
const FRESH: Duration = Duration::from_millis(500);
/// How often everything is got ready again because the heap grew meanwhile,
/// before it is done while the isolate stands still.
const PREPARATIONS: u32 = 5;
/// How long the threads here wait at a time before they look up.
const GLANCE: Duration = Duration::from_millis(50);
const READ_SIZE: usize = 1 << 20;
/// What stands for the path where there is no file.
const NO_FILE: &str = "/";

/// One copy at a time: two need twice the memory.
static TURN: Mutex<()> = Mutex::new(());

/// Begins a capture of the session's isolate; `done` is told of its end, on
/// another thread.
pub fn start(
    session: &Arc<Session>,
    options: CaptureOptions,
    task: Task,
    done: impl FnOnce(Result<Forked, Error>) + Send + 'static,
) -> Result<Arc<Job>, Error> {
    supported().map_err(|why| Error::Unavailable {
        what: "fork",
        why: why.into(),
    })?;
    let (session, job) = (Arc::clone(session), Arc::new(Job::default()));
    if let Task::File { approved } = task {
        job.approved.store(approved, Ordering::Relaxed);
    }
    let seen = Arc::clone(&job);
    std::thread::Builder::new()
        .name("leakwatch-fork".into())
        .spawn(move || done(Capture::new(&session, &options, &job).run(task)))
        .map_err(|source| Error::ForkFailed {
            attempts: 0,
            why: format!("the thread that would see to it could not be started: {source}"),
        })?;
    Ok(seen)
}

struct Capture<'a> {
    session: &'a Arc<Session>,
    options: &'a CaptureOptions,
    job: &'a Job,
    analysis: Option<Arc<Analysis>>,
    deadline: Deadline,
    pause: Duration,
    reached: Option<Instant>,
}

/// What the isolate answers.
enum Reply {
    Forked(std::io::Result<Running>, u64),
    /// The preparations had been undone by then, or the heap has grown.
    Stale,
    Refused(Error),
}

/// And from when to when it stood still for that.
type Answer = (Reply, Instant, Instant);

impl<'a> Capture<'a> {
    fn new(session: &'a Arc<Session>, options: &'a CaptureOptions, job: &'a Job) -> Self {
        Self {
            session,
            options,
            job,
            analysis: None,
            deadline: Deadline {
                at: Instant::now() + options.timeout,
                after: options.timeout,
            },
            pause: Duration::ZERO,
            reached: None,
        }
    }

    fn run(mut self, task: Task) -> Result<Forked, Error> {
        let path = match task {
            Task::File { .. } => resolve(self.options, self.session.thread_id())?,
            Task::Analysis(wanted) => {
                self.analysis = Some(Arc::new(Analysis::new(wanted)?));
                NO_FILE.into()
            }
        };
        let _turn = loop {
            self.job.check(self.deadline)?;
            if let Some(turn) = TURN.try_lock_for(GLANCE) {
                break turn;
            }
        };
        let mut last = String::new();
        for attempt in 1..=ATTEMPTS {
            match self.attempt(&path) {
                Ok((product, nodes)) => {
                    return Ok(Forked {
                        product,
                        pause_ms: self.pause.as_secs_f64() * 1000.0,
                        reached: self.reached.unwrap_or_else(Instant::now),
                        nodes,
                        attempts: attempt,
                    });
                }
                Err(Failure::Again(why)) => last = why,
                Err(Failure::Final(error)) => return Err(error),
            }
            self.job.check(self.deadline)?;
            // Whatever was in the way is over in a moment.
            std::thread::sleep(Duration::from_millis(u64::from(attempt) * 5));
        }
        Err(Error::ForkFailed {
            attempts: ATTEMPTS,
            why: last,
        })
    }

    fn attempt(&mut self, path: &Path) -> Result<(Product, u64), Failure> {
        if self.analysis.is_some() {
            return self.attempt_analysis();
        }
        // The folder is tried first: a missing one is the commoner mistake.
        let writer = self.options.open(path)?;
        let mut heard = true;
        let nodes = self.attempt_into(path, &mut |chunk| {
            heard = writer.write(chunk);
            heard
        });
        if !heard {
            // It has failed, and knows why.
            let why = writer.finish().err();
            return Err(Failure::Final(why.unwrap_or(Error::Aborted)));
        }
        let nodes = nodes?;
        self.await_approval()?;
        let written = writer.finish()?;
        Ok((Product::File(written.path, written.bytes), nodes))
    }

    fn attempt_analysis(&mut self) -> Result<(Product, u64), Failure> {
        let mut answer = Vec::new();
        let nodes = self.attempt_into(Path::new(NO_FILE), &mut |chunk| {
            answer.extend_from_slice(chunk);
            answer.len() <= MAX_BYTES + 1
        })?;
        match answer.split_first() {
            Some((&CAPTURE, capture)) => Ok((Product::Capture(capture.to_vec()), nodes)),
            // Another copy would come to the same.
            failure => Err(Failure::Final(Error::ForkFailed {
                attempts: 1,
                why: failure.map_or_else(String::new, |(_, why)| {
                    format!(
                        "the copy could not analyse it: {}",
                        String::from_utf8_lossy(why)
                    )
                }),
            })),
        }
    }

    /// One copy from its making to its end: the nodes of its graph.
    fn attempt_into(
        &mut self,
        path: &Path,
        sink: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<u64, Failure> {
        let free = system::free(directory_of(path));
        let budget = self.budget(free);
        let (mut running, heap_used) = self.launch(path, free, budget)?;
        *self.job.progress.lock() = Some(Arc::clone(&running.progress));
        self.job.written.store(0, Ordering::Relaxed);
        let ended = self.follow(&mut running, &mut |chunk| {
            let sum = chunk.len() as u64;
            self.job.written.fetch_add(sum, Ordering::Relaxed);
            sink(chunk)
        })?;
        Ending {
            progress: &running.progress,
            budget,
            is_chosen: self.options.memory_limit.is_some(),
            heap_used,
        }
        .judge(ended)?;
        let nodes = running.progress.nodes();
        self.session.learn(nodes, heap_used);
        Ok(nodes)
    }

    /// Whoever follows the progress may give it up at the last byte still.
    fn await_approval(&self) -> Result<(), Error> {
        self.job.whole.store(true, Ordering::Release);
        loop {
            self.job.check(self.deadline)?;
            if self.job.approved.load(Ordering::Acquire) {
                return Ok(());
            }
            if self.session.is_gone() {
                return Err(gone());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// What a copy may allocate. Without a limit it would be the kernel that
    /// decides who has to go.
    fn budget(&self, free: Free) -> u64 {
        match self.options.memory_limit {
            Some(limit) => limit,
            None if self.options.force => u64::MAX,
            None => headroom::budget(free),
        }
    }

    /// Gets everything ready and has the isolate fork.
    fn launch(&mut self, path: &Path, free: Free, budget: u64) -> Result<(Running, u64), Failure> {
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

    /// Passes on what the copy writes until it has ended.
    fn follow(
        &self,
        running: &mut Running,
        sink: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Ended, Failure> {
        let mut watchdog = Watchdog::new(Instant::now());
        let mut buffer = vec![0; READ_SIZE];
        loop {
            self.job.check(self.deadline)?;
            match running.read(&mut buffer, GLANCE.as_millis() as i32) {
                Ok(Some(0)) => return Ok(running.child.wait()),
                Ok(Some(len)) => {
                    if !sink(&buffer[..len]) {
                        running.child.kill();
                        return Ok(running.child.wait());
                    }
                }
                Ok(None) => {}
                Err(error) => return Err(Failure::Again(format!("its pipe broke: {error}"))),
            }
            if let Some(sample) = running.child.sample() {
                let look = Look {
                    beats: running.progress.beats(),
                    ticks: sample.ticks,
                    asleep: sample.asleep,
                };
                if let Some(why) = watchdog.judge(look, Instant::now()) {
                    return Err(Failure::Again(why.into()));
                }
            }
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

fn gone() -> Error {
    Error::Unavailable {
        what: "fork",
        why: "the isolate is shutting down".into(),
    }
}
