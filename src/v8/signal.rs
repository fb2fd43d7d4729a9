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
    use core::ffi::{CStr, c_int, c_void};
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
    /// Who had a signal when we came on top.
    struct Owner {
        action: libc::sigaction,
        /// It is another load of this library, which bears being called again.
        is_fellow: bool,
        /// Who had it when we came on top the time before.
        before: Option<&'static Owner>,
    }

    /// The latest owner of each signal. None is freed while the process lives: a
    /// handler on another thread may be reading it.
    static PREVIOUS: [AtomicPtr<Owner>; SIGNALS] =
        [const { AtomicPtr::new(ptr::null_mut()) }; SIGNALS];

    /// Every owner, each once: they come and go as often as the app adds a
    /// listener and takes it away, or as another library does what `reclaim` does.
    static OWNERS: Mutex<Vec<&'static Owner>> = Mutex::new(Vec::new());

    /// The thread that is in our handler, by signal, plus how often: whom we call
    /// may have put its handler on top of ours before, and call us in turn.
    static HANDLING: [AtomicUsize; SIGNALS] = [const { AtomicUsize::new(0) }; SIGNALS];
    /// Threads' addresses have these bits free.
    const DEPTH: usize = 7;

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
        let slot = &PREVIOUS[signal.0 as usize];
        let owner = remembered(current, without(latest(slot), &current));
        slot.store(ptr::from_ref(owner).cast_mut(), Ordering::Release);
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
        let Some(previous) = latest(&PREVIOUS[signal.0 as usize]) else {
            return;
        };
        if !is_ours(&current) {
            return;
        }
        let previous = &raw const previous.action;
        // SAFETY: `previous` is never freed; the other action is a live value,
        // for which zeroes are valid.
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

    fn latest(slot: &AtomicPtr<Owner>) -> Option<&'static Owner> {
        // SAFETY: null, or one of `OWNERS`, which are never freed.
        unsafe { slot.load(Ordering::Acquire).as_ref() }
    }

    fn remembered(action: libc::sigaction, before: Option<&'static Owner>) -> &'static Owner {
        let mut owners = OWNERS.lock();
        let address = |owner: Option<&'static Owner>| owner.map(ptr::from_ref);
        for known in owners.iter() {
            if is_same(&known.action, &action) && address(known.before) == address(before) {
                return known;
            }
        }
        let new = Box::leak(Box::new(Owner {
            action,
            is_fellow: is_fellow(action.sa_sigaction),
            before,
        }));
        owners.push(new);
        new
    }

    /// The owners but for this one, which is to be the latest.
    fn without(latest: Option<&'static Owner>, action: &libc::sigaction) -> Option<&'static Owner> {
        let owner = latest?;
        let before = without(owner.before, action);
        if is_same(&owner.action, action) {
            return before;
        }
        Some(remembered(owner.action, before))
    }

    /// Whether a handler is in a library whose file has our name.
    fn is_fellow(handler: usize) -> bool {
        const NAME: &[u8] = b"leakwatch";
        // SAFETY: plain pointers, for which zeroes are valid; the loader looks
        // the address up, whatever it is, and its strings live with the library.
        unsafe {
            let mut info: libc::Dl_info = zeroed();
            libc::dladdr(handler as *const c_void, &raw mut info) != 0
                && !info.dli_fname.is_null()
                && (CStr::from_ptr(info.dli_fname).to_bytes())
                    .rsplit(|&byte| byte == b'/')
                    .next()
                    .is_some_and(|file| file.starts_with(NAME))
        }
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
        let thread = unsafe { libc::pthread_self() } as usize & !DEPTH;
        let entered = HANDLING[at].load(Ordering::Acquire);
        let depth = match entered & !DEPTH == thread {
            true => entered & DEPTH,
            false => 0,
        };
        if depth == DEPTH {
            return;
        }
        HANDLING[at].store(thread + depth + 1, Ordering::Release);
        let errno = errno_location();
        // SAFETY: the thread's own errno.
        let saved = unsafe { *errno };
        if let Ok(byte) = u8::try_from(number)
            && depth == 0
        {
            write(byte);
        }
        // Whoever is on top and is not us has called us, by way of others perhaps.
        let on_top = current(Signal(number)).map_or(0, |action| action.sa_sigaction);
        if let Some(owner) = next(latest(&PREVIOUS[at]), depth, on_top) {
            chain(&owner.action, number, info, context);
        }
        // SAFETY: as above.
        unsafe { *errno = saved };
        let left = if depth == 0 { 0 } else { thread + depth };
        HANDLING[at].store(left, Ordering::Release);
    }

    /// Whom to call, being entered for the time after `depth` others.
    fn next(
        latest: Option<&'static Owner>,
        mut depth: usize,
        on_top: usize,
    ) -> Option<&'static Owner> {
        for round in 0..=DEPTH {
            let mut owner = latest;
            while let Some(one) = owner {
                // Fellows know of more than they have called yet.
                let is_due = match round {
                    0 => one.action.sa_sigaction != on_top,
                    _ => one.is_fellow,
                };
                if is_due && depth == 0 {
                    return owner;
                }
                depth -= usize::from(is_due);
                owner = one.before;
            }
        }
        None
    }

    fn chain(
        previous: &libc::sigaction,
        number: c_int,
        info: *mut libc::siginfo_t,
        context: *mut c_void,
    ) {
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
            assert_ne!(seen[2], seen[3]);
            assert!((4..20).all(|round| seen[round] == seen[round - 2]));
            uninstall(signal);
            assert_eq!(current(signal).unwrap().sa_sigaction, libc::SIG_IGN);
        }

        static APP: AtomicUsize = AtomicUsize::new(0);
        static OTHER: AtomicUsize = AtomicUsize::new(0);
        static BELOW_OTHER: AtomicUsize = AtomicUsize::new(0);

        extern "C" fn app(_: c_int) {
            APP.fetch_add(1, Ordering::Relaxed);
        }

        /// A library that calls whom it found when it came on top.
        extern "C" fn other(number: c_int) {
            OTHER.fetch_add(1, Ordering::Relaxed);
            let below = BELOW_OTHER.load(Ordering::Acquire);
            if below == on_signal as *const () as usize {
                on_signal(number, ptr::null_mut(), ptr::null_mut());
            } else {
                app(number);
            }
        }

        #[test]
        fn two_that_call_each_other_call_the_app_once() {
            let signal = Signal::by_name("SIGWINCH").unwrap();
            let claim = || {
                let below = current(signal).unwrap().sa_sigaction;
                let itself = other as *const () as usize;
                if below != itself {
                    BELOW_OTHER.store(below, Ordering::Release);
                    take(signal, itself);
                }
            };
            take(signal, app as *const () as usize);
            install(signal).unwrap();
            for round in 1..=9 {
                match round % 3 {
                    0 => {}
                    1 => claim(),
                    _ => reclaim(signal),
                }
                // SAFETY: runs the handlers on this thread before it returns.
                unsafe { libc::raise(signal.0) };
                assert_eq!(APP.load(Ordering::Relaxed), round);
                assert_eq!(OTHER.load(Ordering::Relaxed), round);
            }
            uninstall(signal);
        }

        /// Loads of the library, as each of them decides: who comes on top next is told by `moves`.
        fn follow(loads: usize, moves: impl Iterator<Item = usize>) {
            let app = loads;
            // As `remembered` and `without` do it, with a handler's number for its address.
            fn on(handler: usize, app: usize, before: Option<&'static Owner>) -> &'static Owner {
                // SAFETY: plain data, for which zeroes are valid.
                let mut action: libc::sigaction = unsafe { zeroed() };
                action.sa_sigaction = handler;
                Box::leak(Box::new(Owner {
                    action,
                    is_fellow: handler != app,
                    before,
                }))
            }
            fn but(
                latest: Option<&'static Owner>,
                handler: usize,
                app: usize,
            ) -> Option<&'static Owner> {
                let owner = latest?;
                let before = but(owner.before, handler, app);
                let theirs = owner.action.sa_sigaction;
                (theirs != handler)
                    .then(|| on(theirs, app, before))
                    .or(before)
            }
            // Each came on top of the one before, the first on top of the app.
            let mut below: Vec<&Owner> = (0..loads)
                .map(|load| on(load.checked_sub(1).unwrap_or(app), app, None))
                .collect();
            let mut top = loads - 1;
            for (step, mover) in moves.enumerate() {
                if mover != top {
                    below[mover] = on(top, app, but(Some(below[mover]), top, app));
                    top = mover;
                }
                let (mut entered, mut called) = (vec![0; loads], top);
                while called != app {
                    let load = called;
                    let on_top = if load == top { usize::MAX } else { top };
                    let depth = entered[load];
                    assert!(depth < DEPTH, "step {step}: {entered:?}");
                    entered[load] += 1;
                    let owner = next(Some(below[load]), depth, on_top).expect("the app is reached");
                    called = owner.action.sa_sigaction;
                }
                let all_hear = entered.iter().all(|&times| times > 0);
                assert!(all_hear || loads > 2, "step {step}: {entered:?}");
            }
        }

        #[test]
        fn loads_of_the_library_on_top_of_each_other_call_the_app_once() {
            for loads in [2_usize, 3] {
                // Every order there is, for a while.
                for order in 0..loads.pow(6) {
                    follow(
                        loads,
                        (0..24).map(|step| order / loads.pow(step % 6) % loads),
                    );
                }
            }
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
