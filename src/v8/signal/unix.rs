//! The handler, and the pipe between it and the thread that waits.

use super::owners::{DEPTH, Owner, SIGNALS, latest, next, remembered, without};
use super::{Event, Signal, io};
use core::ffi::{c_int, c_void};
use core::mem::zeroed;
use core::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};

/// A byte no signal has: only wakes the thread.
const WAKE: u8 = 0;

static PIPE_READ: AtomicI32 = AtomicI32::new(-1);
static PIPE_WRITE: AtomicI32 = AtomicI32::new(-1);

/// The latest owner of each signal. None is freed while the process lives: a
/// handler on another thread may be reading it.
static PREVIOUS: [AtomicPtr<Owner>; SIGNALS] = [const { AtomicPtr::new(ptr::null_mut()) }; SIGNALS];

/// The thread that is in our handler, by signal, plus how often: whom we call
/// may have put its handler on top of ours before, and call us in turn.
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
