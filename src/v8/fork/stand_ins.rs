//! What a copy calls instead of functions that could wait for ever.
//!
//! A copy has one thread. Nobody will ever wake it, and nobody will ever unlock
//! what another thread held when it was made. So waking is a no-op, what is free
//! is taken, and what would wait ends the copy: the next one may have more luck.

use super::arena;
use super::child::{Exit, end};
use core::ffi::{CStr, c_int, c_long, c_void};
use core::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering};

/// A function and what stands in for it.
pub struct StandIn {
    pub name: &'static CStr,
    pub address: *const c_void,
}

// SAFETY: a name and the address of a function.
unsafe impl Sync for StandIn {}

/// The one without which there is no point in forking.
pub const WAIT: &CStr = c"pthread_cond_wait";

macro_rules! stand_ins {
    ($($name:literal => $function:path),+ $(,)?) => {
        &[$(StandIn { name: $name, address: $function as *const c_void }),+]
    };
}

/// All of them.
pub static ALL: &[StandIn] = stand_ins![
    c"pthread_cond_signal" => nothing,
    c"pthread_cond_broadcast" => nothing,
    c"pthread_cond_wait" => never,
    c"pthread_cond_timedwait" => too_late,
    c"pthread_cond_clockwait" => too_late,
    c"pthread_mutex_lock" => mutex_lock,
    c"pthread_rwlock_rdlock" => rwlock_rdlock,
    c"pthread_rwlock_wrlock" => rwlock_wrlock,
    c"sem_wait" => sem_wait,
    c"sem_timedwait" => sem_timedwait,
    c"sem_clockwait" => sem_timedwait,
    c"pthread_create" => no_thread,
    c"pthread_join" => never,
    c"sched_yield" => sched_yield,
    c"syscall" => syscall,
    c"write" => write,
    c"malloc" => arena::malloc,
    c"calloc" => arena::calloc,
    c"realloc" => arena::realloc,
    c"free" => arena::free,
    c"posix_memalign" => arena::posix_memalign,
    c"aligned_alloc" => arena::aligned_alloc,
    c"memalign" => arena::aligned_alloc,
    c"malloc_usable_size" => arena::malloc_usable_size,
];

/// How often the copy may be told that its time is over, or give up its turn,
/// before that counts as waiting for ever.
const MAX_TURNS: u32 = 1_000_000;

static TURNS: AtomicU32 = AtomicU32::new(0);
static SYSCALL: AtomicUsize = AtomicUsize::new(0);

type Syscall = unsafe extern "C" fn(c_long, ...) -> c_long;

static OUTPUT: AtomicI32 = AtomicI32::new(-1);

/// `uv_mutex_lock`, which calls nothing but `pthread_mutex_lock` and `abort`; it
/// has 20 bytes, and after it comes `uv_mutex_trylock`.
static UV_MUTEX_LOCK: AtomicUsize = AtomicUsize::new(0);
const UV_MUTEX_LOCK_SIZE: usize = 32;

/// Looks up what the stand-ins need to know: in the process itself, since the
/// linker's lock may be held in a copy.
pub fn look_up() {
    // SAFETY: a name that ends with a null; what is not there is null.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"uv_mutex_lock".as_ptr()) };
    UV_MUTEX_LOCK.store(found as usize, Ordering::Relaxed);
}

/// Notes the one descriptor that is written to, and the functions that stand-ins call themselves, before they are replaced.
pub fn remember_originals(output: c_int) {
    OUTPUT.store(output, Ordering::Relaxed);
    let syscall: Syscall = libc::syscall;
    SYSCALL.store(syscall as usize, Ordering::Relaxed);
    arena::remember_originals();
}

fn turn() {
    if TURNS.fetch_add(1, Ordering::Relaxed) > MAX_TURNS {
        end(Exit::WouldWait);
    }
}

fn set_errno(error: c_int) {
    // SAFETY: this thread's own error number.
    unsafe { *libc::__errno_location() = error };
}

unsafe extern "C" fn nothing() -> c_int {
    0
}

unsafe extern "C" fn never() -> c_int {
    end(Exit::WouldWait)
}

unsafe extern "C" fn too_late() -> c_int {
    turn();
    libc::ETIMEDOUT
}

unsafe extern "C" fn no_thread() -> c_int {
    libc::EAGAIN
}

unsafe extern "C" fn sched_yield() -> c_int {
    turn();
    0
}

/// As the caller has it, and where it will return to.
#[unsafe(naked)]
unsafe extern "C" fn mutex_lock(mutex: *mut libc::pthread_mutex_t) -> c_int {
    #[cfg(target_arch = "x86_64")]
    core::arch::naked_asm!("mov rsi, [rsp]", "jmp {}", sym mutex_lock_for);
    #[cfg(target_arch = "aarch64")]
    core::arch::naked_asm!("mov x1, x30", "b {}", sym mutex_lock_for);
}

/// A mutex of V8's may guard half of what the snapshot is made of. One of
/// libuv's and Node's guards their queues of work for threads that the copy does
/// not have: V8 adds to them, and nobody takes anything out. So those are taken
/// though they are held. With four busy workers 30 of 100 copies met one.
unsafe extern "C" fn mutex_lock_for(mutex: *mut libc::pthread_mutex_t, caller: usize) -> c_int {
    let uv = UV_MUTEX_LOCK.load(Ordering::Relaxed);
    // SAFETY: the caller's mutex. Recursive ones of this thread are its own in
    // the copy too.
    match unsafe { libc::pthread_mutex_trylock(mutex) } {
        libc::EBUSY if uv != 0 && (uv..uv + UV_MUTEX_LOCK_SIZE).contains(&caller) => 0,
        libc::EBUSY => end(Exit::Locked),
        status => status,
    }
}

unsafe extern "C" fn rwlock_rdlock(lock: *mut libc::pthread_rwlock_t) -> c_int {
    // SAFETY: the caller's lock.
    match unsafe { libc::pthread_rwlock_tryrdlock(lock) } {
        libc::EBUSY => end(Exit::Locked),
        status => status,
    }
}

unsafe extern "C" fn rwlock_wrlock(lock: *mut libc::pthread_rwlock_t) -> c_int {
    // SAFETY: the caller's lock.
    match unsafe { libc::pthread_rwlock_trywrlock(lock) } {
        libc::EBUSY => end(Exit::Locked),
        status => status,
    }
}

unsafe extern "C" fn sem_wait(semaphore: *mut libc::sem_t) -> c_int {
    // SAFETY: the caller's semaphore.
    match unsafe { libc::sem_trywait(semaphore) } {
        0 => 0,
        _ => end(Exit::WouldWait),
    }
}

unsafe extern "C" fn sem_timedwait(semaphore: *mut libc::sem_t) -> c_int {
    turn();
    // SAFETY: the caller's semaphore.
    let status = unsafe { libc::sem_trywait(semaphore) };
    if status != 0 {
        set_errno(libc::ETIMEDOUT);
    }
    status
}

/// V8 wakes the event loop when it has work for it. The copy has no loop, and
/// libuv ends a process in which it cannot be woken.
unsafe extern "C" fn write(descriptor: c_int, data: *const c_void, len: usize) -> isize {
    if descriptor != OUTPUT.load(Ordering::Relaxed) {
        return len as isize;
    }
    // SAFETY: the caller's buffer.
    unsafe {
        syscall(
            libc::SYS_write,
            descriptor as usize,
            data as usize,
            len,
            0,
            0,
            0,
        ) as isize
    }
}

/// Locks that are built on futexes wait through here; all else goes on to the
/// kernel. Variadic arguments are passed like these on Linux' 64-bit platforms.
unsafe extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    timeout: usize,
    e: usize,
    f: usize,
) -> c_long {
    if number == libc::SYS_futex {
        let operation = b as c_int & 0x7f;
        if operation == libc::FUTEX_WAIT || operation == libc::FUTEX_WAIT_BITSET {
            // SAFETY: the caller's futex; a waiter looks at its value first.
            if unsafe { (a as *const u32).read_volatile() } != c as u32 {
                set_errno(libc::EAGAIN);
                return -1;
            }
            if timeout == 0 {
                end(Exit::Locked);
            }
            turn();
            set_errno(libc::ETIMEDOUT);
            return -1;
        }
    }
    // SAFETY: the address of libc's function, noted before it was replaced; the
    // caller's arguments.
    unsafe {
        let original: Syscall = core::mem::transmute(SYSCALL.load(Ordering::Relaxed));
        original(number, a, b, c, timeout, e, f)
    }
}
