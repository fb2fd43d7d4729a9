//! Signals that reach a thread of ours without taking them from anyone else.
//!
//! A handler may do next to nothing, so it writes one byte into a pipe and
//! calls whoever had the signal before. libuv installs its own handler when
//! JavaScript first listens for a signal and takes it out when the last
//! listener goes; [`reclaim`] puts ours back on top of whatever is there then.
//! Where that calls ours in turn, as another load of this library does, it
//! expects those below to be called: so they are, and each once.

use std::io;

#[cfg(unix)]
mod owners;
#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub use unix::{install, open, reclaim, uninstall, wait, wake};

#[cfg(not(unix))]
pub use elsewhere::{install, open, reclaim, uninstall, wait, wake};

/// A signal by number and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(i32);

impl Signal {
    /// The signals a process may use for its own ends. Not among them are
    /// those that report a crash, cannot be caught, or run the terminal.
    #[cfg(unix)]
    const USABLE: [(&'static str, i32); 13] = [
        ("SIGUSR2", libc::SIGUSR2),
        ("SIGUSR1", libc::SIGUSR1),
        ("SIGHUP", libc::SIGHUP),
        ("SIGINT", libc::SIGINT),
        ("SIGQUIT", libc::SIGQUIT),
        ("SIGTERM", libc::SIGTERM),
        ("SIGALRM", libc::SIGALRM),
        ("SIGVTALRM", libc::SIGVTALRM),
        ("SIGPROF", libc::SIGPROF),
        ("SIGWINCH", libc::SIGWINCH),
        ("SIGIO", libc::SIGIO),
        ("SIGURG", libc::SIGURG),
        ("SIGCONT", libc::SIGCONT),
    ];
    #[cfg(not(unix))]
    const USABLE: [(&'static str, i32); 0] = [];

    /// A signal by its name, `SIGUSR2` for one.
    pub fn by_name(name: &str) -> Option<Self> {
        let found = Self::USABLE.iter().find(|(known, _)| *known == name)?;
        Some(Self(found.1))
    }

    /// The names [`Signal::by_name`] takes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::USABLE.iter().map(|(name, _)| *name)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        let found = Self::USABLE.iter().find(|(_, number)| *number == self.0);
        found.map_or("signal", |(name, _)| name)
    }
}

/// What [`wait`] woke up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The signal arrived.
    Signal(Signal),
    /// Someone called [`wake`], or the time was up.
    Idle,
}

#[cfg(not(unix))]
mod elsewhere {
    use super::{Event, Signal, io};

    fn unsupported() -> io::Error {
        io::ErrorKind::Unsupported.into()
    }

    /// Always an error: there are no signals here.
    pub fn open() -> io::Result<()> {
        Err(unsupported())
    }

    /// Always an error: there are no signals here.
    pub fn install(_: Signal) -> io::Result<()> {
        Err(unsupported())
    }

    /// Nothing to do.
    pub fn uninstall(_: Signal) {}

    /// Nothing to do.
    pub fn reclaim(_: Signal) {}

    /// Nothing to do.
    pub fn wake() {}

    /// Never has a signal.
    pub fn wait(_: Option<i32>) -> Event {
        Event::Idle
    }
}
