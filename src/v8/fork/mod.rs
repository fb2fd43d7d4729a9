//! A copy of this process that takes a snapshot while the service goes on.
//!
//! Only the calling thread lives on in the copy. Locks that other threads held
//! stay locked there for ever, and waiting for anybody is waiting for ever. So
//! the copy gets stand-ins for whatever could wait (`stand_ins`), put into the
//! relocation tables of its own pages (`relocations`), and an allocator of its
//! own (`arena`), since malloc's locks are such locks. What would still wait
//! ends the copy at once with a code that says so, and the caller forks again.
//!
//! `fork()` itself is not used: its child raises SIGCHLD in the service, which
//! the app may listen to, and it runs other libraries' `pthread_atfork`
//! handlers. A plain `clone` without an exit signal shows nothing of either.

mod arena;
mod child;
mod mappings;
mod process;
mod relocations;
mod shared;
mod stand_ins;

pub(super) use child::is_copy;
pub use child::{Exit, Settings, live};
use mappings::Inherited;
pub use process::{Child, Ended, Sample};
pub use shared::{Phase, Progress};

use once_cell::sync::Lazy;
use relocations::Plan;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;

/// A pipe this large takes one chunk of V8's; the kernel may allow less.
const PIPE_SIZE: i32 = 1 << 20;

/// Whether this host can do it, or why not. Nothing is forked to find out.
pub fn supported() -> Result<(), &'static str> {
    static SUPPORTED: Lazy<Result<(), &'static str>> = Lazy::new(|| {
        if std::fs::metadata("/proc/self/smaps").is_err() {
            return Err("/proc is not there, which tells which memory a copy must inherit");
        }
        if !relocations::plan().covers_waiting() {
            return Err("this host calls its condition variables in a way that cannot be replaced");
        }
        Ok(())
    });
    *SUPPORTED
}

/// Everything that can be got ready before the isolate has to stand still.
pub struct Prepared {
    inherited: Inherited,
    plan: Plan,
    settings: Settings,
    progress: Arc<Progress>,
    reader: PipeReader,
    writer: PipeWriter,
}

/// A copy that runs, and what comes out of it.
pub struct Running {
    /// The process.
    pub child: Child,
    /// Where it stands.
    pub progress: Arc<Progress>,
    /// What it writes.
    pub output: PipeReader,
}

impl Prepared {
    /// Reads the tables and makes V8's heap inheritable: 2–10 ms, on any thread.
    /// Until this is dropped other forks of the process copy that memory too.
    pub fn new(settings: Settings) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let writer = above_stdio(writer)?;
        // SAFETY: the descriptor is open; a refusal leaves the pipe smaller.
        unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, PIPE_SIZE) };
        Ok(Self {
            plan: relocations::plan(),
            progress: Arc::new(Progress::new()?),
            settings,
            reader,
            writer,
            inherited: Inherited::acquire()?,
        })
    }

    /// Whether the heap has not grown since, as far as a glance tells.
    pub fn is_current(&self) -> bool {
        self.inherited.is_current()
    }

    /// Looks at all of it again: dearer, and for when the heap never stops growing.
    pub fn refresh(&self) -> io::Result<()> {
        self.inherited.refresh()
    }

    /// Forks the calling thread. `body` runs in the copy, with its output and
    /// its progress, and returns the copy's exit code; nothing that it captured
    /// is dropped there.
    pub fn fork(
        mut self,
        body: impl FnOnce(&mut PipeWriter, &Progress) -> Exit,
    ) -> io::Result<Running> {
        self.settings.remember_parent();
        let signals = BlockedSignals::new();
        // SAFETY: a copy-on-write copy of this thread alone, on the same stack.
        // No exit signal: the app's SIGCHLD handlers and its waits for "any
        // child" do not see it. Unused arguments are null on every architecture.
        let pid = unsafe { libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) };
        if pid == 0 {
            child::run(self, body);
        }
        let error = io::Error::last_os_error();
        drop(signals);
        if pid < 0 {
            return Err(error);
        }
        // Here, though it costs 1 ms with 1,300 mappings: V8 must not give a page
        // back, and somebody else get its place, before the mark is put there.
        drop(self.inherited);
        Ok(Running {
            child: Child::new(pid as libc::pid_t),
            progress: self.progress,
            output: self.reader,
        })
    }
}

/// A service may have closed its standard streams, whose numbers are then given
/// out again; V8's last words must not land in a snapshot.
fn above_stdio(writer: PipeWriter) -> io::Result<PipeWriter> {
    if writer.as_raw_fd() > 2 {
        return Ok(writer);
    }
    // SAFETY: duplicates an open descriptor of ours; the new one is owned here.
    unsafe {
        match libc::fcntl(writer.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 3) {
            -1 => Err(io::Error::last_os_error()),
            copy => Ok(PipeWriter::from(OwnedFd::from_raw_fd(copy))),
        }
    }
}

impl Running {
    /// Reads what has come, waiting no longer than this; `None` if nothing has,
    /// 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8], milliseconds: i32) -> io::Result<Option<usize>> {
        let mut poll = libc::pollfd {
            fd: self.output.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one valid entry.
        let ready = unsafe { libc::poll(&raw mut poll, 1, milliseconds) };
        match ready {
            0 => Ok(None),
            1.. => self.output.read(buffer).map(Some),
            _ => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(None),
                error => Err(error),
            },
        }
    }
}

/// All signals wait while this lives: a handler of the app must not run in the
/// copy before its dispositions are reset.
struct BlockedSignals(libc::sigset_t);

impl BlockedSignals {
    fn new() -> Self {
        // SAFETY: sigset_t is plain bits, for which zeroes are valid; both sets
        // are writable.
        unsafe {
            let mut all: libc::sigset_t = core::mem::zeroed();
            let mut before: libc::sigset_t = core::mem::zeroed();
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
            Self(before)
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: the set that was in force before.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, core::ptr::null_mut())
        };
    }
}
