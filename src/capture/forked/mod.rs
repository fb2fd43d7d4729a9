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
mod launch;
mod watchdog;

use self::copy::CAPTURE;
use self::ending::{Ending, Failure};
use self::job::Deadline;
use self::watchdog::{Look, Watchdog};
use super::analysis::Analysis;
use super::{CaptureOptions, Forked, Product, Task, resolve};
use crate::captured::MAX_BYTES;
use crate::error::Error;
use crate::headroom::{self, Free};
use crate::session::Session;
use crate::snapshot::temporary::directory_of;
use crate::system;
use crate::v8::fork::{Ended, Running};
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

pub use self::job::Job;
pub use crate::v8::fork::supported;

/// Copies made for one snapshot before it is given up. One in a hundred fails
/// under heavy allocation.
pub const ATTEMPTS: u32 = 8;
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
            if self.session.is_gone() {
                return Err(gone().into());
            }
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

fn gone() -> Error {
    Error::Unavailable {
        what: "fork",
        why: "the isolate is shutting down".into(),
    }
}
