//! Signals that reach a thread of ours without taking them from anyone else.
//!
//! A handler may do next to nothing, so it writes one byte into a pipe and
//! calls whoever had the signal before. libuv installs its own handler when
//! JavaScript first listens for a signal and takes it out when the last
//! listener goes; [`reclaim`] puts ours back on top of whatever is there then.

use std::io;

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

#[cfg(unix)]
mod unix {
    use super::{Event, Signal, io};
    use core::ffi::{c_int, c_void};
    use core::mem::zeroed;
    use core::ptr;
    use parking_lot::Mutex;
    use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};

    /// Signal numbers are below this on every Unix.
    const SIGNALS: usize = 65;
    /// A byte no signal has: only wakes the thread.
    const WAKE: u8 = 0;

    static PIPE_READ: AtomicI32 = AtomicI32::new(-1);
    static PIPE_WRITE: AtomicI32 = AtomicI32::new(-1);
    /// Who had each signal before us. Never freed while the process lives: a
    /// handler on another thread may be reading it.
    static PREVIOUS: [AtomicPtr<libc::sigaction>; SIGNALS] =
        [const { AtomicPtr::new(ptr::null_mut()) }; SIGNALS];

    /// Every such owner, each once: they come and go as often as the app adds a
    /// listener and takes it away, or as another library does what `reclaim` does.
    static OWNERS: Mutex<Vec<&'static libc::sigaction>> = Mutex::new(Vec::new());

    /// The thread that is in our handler, by signal. A library that put its
    /// handler on top of ours and calls it, and that we came on top of again,
    /// would make the two call each other for ever.
    static HANDLING: [AtomicUsize; SIGNALS] = [const { AtomicUsize::new(0) }; SIGNALS];

    /// Opens the pipe between handler and thread, once.
    pub fn open() -> io::Result<()> {
        if PIPE_WRITE.load(Ordering::Acquire) >= 0 {
            return Ok(());
        }
        let mut ends: [c_int; 2] = [-1; 2];
        // SAFETY: two writable ints.
        if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        for end in ends {
            // SAFETY: descriptors of ours; plain flag changes.
            unsafe {
                libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
                libc::fcntl(end, libc::F_SETFL, libc::O_NONBLOCK);
            }
        }
        PIPE_READ.store(ends[0], Ordering::Release);
        PIPE_WRITE.store(ends[1], Ordering::Release);
        Ok(())
    }

    /// Puts our handler on top of the one that is there.
    pub fn install(signal: Signal) -> io::Result<()> {
        let current = current(signal)?;
        if is_ours(&current) {
            return Ok(());
        }
        // The previous owner must be known before the handler can run.
        let previous = ptr::from_ref(remembered(current)).cast_mut();
        PREVIOUS[signal.0 as usize].store(previous, Ordering::Release);
        // SAFETY: sigaction is plain data, for which zeroes are valid.
        let mut action: libc::sigaction = unsafe { zeroed() };
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        // SAFETY: both pointers are to live values of the right type; the
        // handler is async-signal-safe.
        let status = unsafe {
            libc::sigfillset(&raw mut action.sa_mask);
            libc::sigaction(signal.0, &raw const action, ptr::null_mut())
        };
        if status == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Gives the signal back, unless someone has put a handler on top of ours:
    /// theirs then stays, and ours, should they call it, does nothing new.
    pub fn uninstall(signal: Signal) {
        let Ok(current) = current(signal) else { return };
        let previous = PREVIOUS[signal.0 as usize].load(Ordering::Acquire);
        if !is_ours(&current) || previous.is_null() {
            return;
        }
        // SAFETY: `previous` is one of `OWNERS`, which are never freed; the
        // other action is a live value, for which zeroes are valid.
        unsafe {
            if (*previous).sa_sigaction == libc::SIG_DFL {
                // One that was sent to our handler and waits for a thread to
                // take it would end the process; ignoring discards it.
                let mut ignore: libc::sigaction = zeroed();
                ignore.sa_sigaction = libc::SIG_IGN;
                libc::sigaction(signal.0, &raw const ignore, ptr::null_mut());
            }
            libc::sigaction(signal.0, previous, ptr::null_mut());
        }
    }

    /// Puts our handler back if someone has replaced it meanwhile.
    pub fn reclaim(signal: Signal) {
        // Failing is no worse than not having tried; the next call tries again.
        let _ = install(signal);
    }

    /// Ends a [`wait`] early.
    pub fn wake() {
        write(WAKE);
    }

    /// Waits for the next signal, at most `timeout_ms` (for ever if `None`).
    pub fn wait(timeout_ms: Option<i32>) -> Event {
        let fd = PIPE_READ.load(Ordering::Acquire);
        let mut poll = libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut byte = WAKE;
        // SAFETY: one live pollfd, one writable byte.
        let len = unsafe {
            libc::poll(&raw mut poll, 1, timeout_ms.unwrap_or(-1));
            libc::read(fd, (&raw mut byte).cast(), 1)
        };
        if len == 1 && byte != WAKE {
            Event::Signal(Signal(i32::from(byte)))
        } else {
            Event::Idle
        }
    }

    fn current(signal: Signal) -> io::Result<libc::sigaction> {
        // SAFETY: sigaction is plain data, for which zeroes are valid.
        let mut action: libc::sigaction = unsafe { zeroed() };
        // SAFETY: asks only; the target is writable.
        let status = unsafe { libc::sigaction(signal.0, ptr::null(), &raw mut action) };
        if status == 0 {
            Ok(action)
        } else {
            Err(io::Error::last_os_error())
        }
    }

    fn remembered(action: libc::sigaction) -> &'static libc::sigaction {
        let mut owners = OWNERS.lock();
        if let Some(known) = owners.iter().find(|known| is_same(known, &action)) {
            return known;
        }
        let new: &'static libc::sigaction = Box::leak(Box::new(action));
        owners.push(new);
        new
    }

    fn is_same(one: &libc::sigaction, other: &libc::sigaction) -> bool {
        let blocks = |action: &libc::sigaction, number: usize| {
            // SAFETY: the set is whole, and the call only reads it.
            unsafe { libc::sigismember(&raw const action.sa_mask, number as c_int) == 1 }
        };
        one.sa_sigaction == other.sa_sigaction
            && one.sa_flags == other.sa_flags
            && (1..SIGNALS).all(|number| blocks(one, number) == blocks(other, number))
    }

    fn is_ours(action: &libc::sigaction) -> bool {
        action.sa_sigaction == on_signal as *const () as usize
    }

    fn write(byte: u8) {
        let fd = PIPE_WRITE.load(Ordering::Acquire);
        // SAFETY: one readable byte. A full pipe holds enough signals already,
        // so a failed write loses nothing.
        unsafe { libc::write(fd, (&raw const byte).cast(), 1) };
    }

    extern "C" fn on_signal(number: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
        let at = usize::try_from(number).unwrap_or(0) % SIGNALS;
        // SAFETY: always succeeds and touches nothing but the thread pointer.
        let thread = unsafe { libc::pthread_self() } as usize;
        if HANDLING[at].load(Ordering::Acquire) == thread {
            return;
        }
        HANDLING[at].store(thread, Ordering::Release);
        let errno = errno_location();
        // SAFETY: the thread's own errno.
        let saved = unsafe { *errno };
        if let Ok(byte) = u8::try_from(number) {
            write(byte);
        }
        chain(PREVIOUS[at].load(Ordering::Acquire), number, info, context);
        // SAFETY: as above.
        unsafe { *errno = saved };
        HANDLING[at].store(0, Ordering::Release);
    }

    fn chain(
        previous: *const libc::sigaction,
        number: c_int,
        info: *mut libc::siginfo_t,
        context: *mut c_void,
    ) {
        if previous.is_null() {
            return;
        }
        // SAFETY: one of `OWNERS`, which are never freed.
        let previous = unsafe { &*previous };
        let handler = previous.sa_sigaction;
        if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
            // The default would end the process: whoever asked for a snapshot
            // on this signal did not ask for that.
            return;
        }
        // SAFETY: the kernel would have called this handler with these very
        // arguments had ours not been in front; SA_SIGINFO says which of the
        // two forms it has.
        unsafe {
            if previous.sa_flags & libc::SA_SIGINFO != 0 {
                let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
                    core::mem::transmute(handler);
                handler(number, info, context);
            } else {
                let handler: extern "C" fn(c_int) = core::mem::transmute(handler);
                handler(number);
            }
        }
    }

    fn errno_location() -> *mut c_int {
        // SAFETY: both return the address of this thread's errno.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        unsafe {
            libc::__errno_location()
        }
        // SAFETY: both return the address of this thread's errno.
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        unsafe {
            libc::__error()
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        extern "C" fn theirs(_: c_int) {}

        /// As libuv does for the app's first listener, and after its last.
        fn take(signal: Signal, handler: usize) {
            // SAFETY: plain data; the handler does nothing.
            unsafe {
                let mut action: libc::sigaction = zeroed();
                action.sa_sigaction = handler;
                libc::sigaction(signal.0, &raw const action, ptr::null_mut());
            }
        }

        #[test]
        fn owners_that_come_and_go_are_remembered_once() {
            let signal = Signal::by_name("SIGURG").unwrap();
            let handlers = [theirs as *const () as usize, libc::SIG_IGN];
            let mut seen = Vec::new();
            for round in 0..20 {
                take(signal, handlers[round % 2]);
                reclaim(signal);
                seen.push(PREVIOUS[signal.0 as usize].load(Ordering::Acquire));
            }
            assert_ne!(seen[0], seen[1]);
            assert!((2..20).all(|round| seen[round] == seen[round - 2]));
            uninstall(signal);
            assert_eq!(current(signal).unwrap().sa_sigaction, libc::SIG_IGN);
        }

        /// By default SIGVTALRM ends the process, and these tests with it.
        #[test]
        fn a_signal_still_on_its_way_when_it_is_given_back_ends_nothing() {
            let signal = Signal::by_name("SIGVTALRM").unwrap();
            install(signal).unwrap();
            // SAFETY: plain data; the signal is for this thread alone, which
            // takes it when it is let through.
            unsafe {
                let mut set: libc::sigset_t = zeroed();
                libc::sigaddset(&raw mut set, signal.0);
                libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut());
                libc::pthread_kill(libc::pthread_self(), signal.0);
                uninstall(signal);
                libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, ptr::null_mut());
            }
            assert_eq!(current(signal).unwrap().sa_sigaction, libc::SIG_DFL);
        }
    }
}
