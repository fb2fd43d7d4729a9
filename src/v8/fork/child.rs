//! What a copy does before anything else, and how it ends.

use super::{Phase, Prepared, Progress, arena, stand_ins};
use core::ffi::{c_int, c_ulong};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};
use std::io::PipeWriter;
use std::os::fd::AsRawFd;

/// The code a copy ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Exit {
    /// All of it was written.
    Done = 0,
    /// It would have waited for a thread that it does not have.
    WouldWait = 71,
    /// It would have waited for a lock that such a thread held.
    Locked = 72,
    /// It would have taken more memory than it was given.
    OverBudget = 73,
    /// It could not get itself ready.
    Unprepared = 74,
    /// Nobody reads what it writes.
    Unheard = 75,
    /// V8 gave no snapshot.
    NoSnapshot = 76,
    /// Our own code panicked.
    Panicked = 77,
    /// The process it is a copy of is gone.
    Orphaned = 78,
}

impl Exit {
    /// The meaning of an exit code.
    pub fn of(code: i32) -> Option<Self> {
        [
            Self::Done,
            Self::WouldWait,
            Self::Locked,
            Self::OverBudget,
            Self::Unprepared,
            Self::Unheard,
            Self::NoSnapshot,
            Self::Panicked,
            Self::Orphaned,
        ]
        .into_iter()
        .find(|exit| *exit as i32 == code)
    }
}

/// How a copy behaves towards the rest of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// 0 to 19; higher gives way more.
    pub niceness: i32,
    /// Memory it may allocate, in bytes.
    pub budget: u64,
    parent: libc::pid_t,
}

impl Settings {
    /// With this niceness and this budget in bytes.
    pub fn new(niceness: i32, budget: u64) -> Self {
        Self {
            niceness,
            budget,
            parent: 0,
        }
    }

    /// Notes whose copy it will be.
    pub(super) fn remember_parent(&mut self) {
        // SAFETY: only reads.
        self.parent = unsafe { libc::getpid() };
    }
}

/// Seconds without a sign of life after which a copy whose parent cannot end it
/// any more ends by itself. A starved copy on a busy machine gets its turn by then.
const ALARM: u32 = 600;

static IN_CHILD: AtomicBool = AtomicBool::new(false);
static PARENT: AtomicI32 = AtomicI32::new(0);
static PROGRESS: AtomicPtr<Progress> = AtomicPtr::new(core::ptr::null_mut());

/// Whether this is a copy.
pub fn is_copy() -> bool {
    IN_CHILD.load(Ordering::Relaxed)
}

/// Ends the copy: no destructors, no exit handlers, nothing of the service's.
pub(super) fn end(exit: Exit) -> ! {
    let progress = PROGRESS.load(Ordering::Relaxed);
    if !progress.is_null() {
        // SAFETY: points into `run`, which never returns.
        unsafe { (*progress).set_memory(arena::used()) };
    }
    // SAFETY: ends this process at once.
    unsafe { libc::_exit(exit as i32) }
}

/// All of a copy's life.
pub(super) fn run(
    mut prepared: Prepared,
    body: impl FnOnce(&mut PipeWriter, &Progress) -> Exit,
) -> ! {
    IN_CHILD.store(true, Ordering::Relaxed);
    PROGRESS.store(
        (&raw const *prepared.progress).cast_mut(),
        Ordering::Relaxed,
    );
    let settings = prepared.settings;
    PARENT.store(settings.parent, Ordering::Relaxed);
    // SAFETY: this is a copy with one thread, and nothing but its own pages and
    // its own descriptors is touched.
    unsafe {
        die_with_parent(&settings);
        give_way(&settings);
        reset_signals();
        close_all_but(prepared.writer.as_raw_fd());
        leave_no_traces();
        stand_ins::remember_originals(prepared.writer.as_raw_fd());
        if !arena::open(settings.budget) || !prepared.plan.apply() {
            end(Exit::Unprepared);
        }
        hear_fatal_signals();
        libc::alarm(ALARM);
    }
    let progress = std::sync::Arc::clone(&prepared.progress);
    progress.enter(Phase::Build);
    let writer = &mut prepared.writer;
    let body = std::panic::AssertUnwindSafe(|| body(writer, &progress));
    end(std::panic::catch_unwind(body).unwrap_or(Exit::Panicked))
}

/// A sign of life from a copy's body; ends the copy if its parent is gone.
pub fn live() {
    let progress = PROGRESS.load(Ordering::Relaxed);
    if !is_copy() || progress.is_null() {
        return;
    }
    // SAFETY: `progress` points into `run`, which never returns; the rest reads,
    // and starts the alarm anew.
    unsafe {
        (*progress).beat();
        (*progress).set_memory(arena::used());
        if libc::getppid() != PARENT.load(Ordering::Relaxed) {
            end(Exit::Orphaned);
        }
        libc::alarm(ALARM);
    }
}

unsafe fn die_with_parent(settings: &Settings) {
    // SAFETY: concerns this process alone.
    unsafe {
        // With the thread that made it: a capture is nobody's once its isolate has ended.
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as c_ulong);
        // It may have gone before.
        if libc::getppid() != settings.parent {
            end(Exit::Orphaned);
        }
    }
}

unsafe fn give_way(settings: &Settings) {
    const IOPRIO_WHO_PROCESS: c_int = 1;
    const IOPRIO_IDLE: c_int = 3 << 13;
    // SAFETY: concern this process alone; where one is refused, the copy goes on
    // without.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS as _, 0, settings.niceness);
        libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
        let file = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY);
        if file >= 0 {
            libc::write(file, c"1000".as_ptr().cast(), 4);
            libc::close(file);
        }
    }
}

/// No handler of the service runs in the copy.
unsafe fn reset_signals() {
    // SAFETY: the default action for every signal that has one; the rest refuse.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = libc::SIG_DFL;
        for signal in 1..=64 {
            libc::sigaction(signal, &raw const action, core::ptr::null_mut());
        }
    }
}

/// What means that the copy is broken ends it. All else (a terminal's Ctrl-C, a
/// supervisor's SIGTERM to the group) is the service's to decide on.
unsafe fn hear_fatal_signals() {
    // SAFETY: this thread's own mask.
    unsafe {
        let mut heard: libc::sigset_t = core::mem::zeroed();
        libc::sigemptyset(&raw mut heard);
        for signal in [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGILL,
            libc::SIGFPE,
            libc::SIGABRT,
            libc::SIGTRAP,
            libc::SIGSYS,
            libc::SIGALRM,
            libc::SIGXCPU,
        ] {
            libc::sigaddset(&raw mut heard, signal);
        }
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const heard, core::ptr::null_mut());
    }
}

/// No core file, which would hold all of the service's memory, and a name that
/// tells in `ps` what this is.
unsafe fn leave_no_traces() {
    // SAFETY: concern this process alone.
    unsafe {
        let none = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        // A core_pattern that is a program ignores the limit, but not this.
        libc::prctl(libc::PR_SET_DUMPABLE, 0 as c_ulong);
        libc::prctl(libc::PR_SET_NAME, c"leakwatch-fork".as_ptr());
    }
}

/// Closes the service's files and sockets: the copy must not keep a connection
/// open that the service closes.
unsafe fn close_all_but(kept: c_int) {
    let kept = kept as u32;
    // SAFETY: this process's own descriptors.
    unsafe {
        let close = |from: u32, to: u32| {
            from > to || libc::syscall(libc::SYS_close_range, from, to, 0) == 0
        };
        if close(kept + 1, u32::MAX) && (kept == 0 || close(0, kept - 1)) {
            return;
        }
        // Before Linux 5.9, or where seccomp does not know it.
        let limit = libc::sysconf(libc::_SC_OPEN_MAX).clamp(1024, 1 << 20) as u32;
        for descriptor in (0..limit).filter(|&descriptor| descriptor != kept) {
            libc::close(descriptor as c_int);
        }
    }
}
