//! Forcing a full GC without `--expose-gc`.
//!
//! The GC wanted is the one `gc()` makes: V8 calls it forced, and neither ages
//! code in it nor drops its compilation cache. The public call for it insists on
//! the `expose_gc` flag, so the flag is set around it. The other calls there are
//! do more than collect: under memory pressure code ages, and after a low-memory
//! notification the compilation cache is empty. Both make the service compile
//! again, and both hide leaks that hang on that cache (Jest on Node 16.11 on).

use super::isolate::CurrentIsolate;
use super::symbols::SYMBOLS;
use core::ffi::{CStr, c_int};
use parking_lot::Mutex;

/// `v8::Isolate::kFullGarbageCollection`.
const FULL: c_int = 0;
/// `v8::MemoryPressureLevel::kCritical`.
const CRITICAL: c_int = 2;
/// The first pass runs the weak callbacks; what they let go, detached contexts
/// among it, goes with the second.
const PASSES: usize = 2;

/// Whether the flag does what it should here. V8 ends the process if a GC is
/// requested without it, so it is not set on trust.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum GcFlag {
    /// Not known: it is left alone.
    Unproven,
    /// It can be set and is taken back afterwards.
    Settable,
    /// It was on already, by the process's own wish, and stays on.
    AlwaysOn,
}

/// V8's flags are the process's: whoever sets this one holds the lock until it
/// is taken back. GCs of several isolates so follow one another.
static FLAG: Mutex<GcFlag> = Mutex::new(GcFlag::Unproven);

/// Says what the host has been seen to do; see [`with_gc_flag`].
pub fn set_gc_flag(known: GcFlag) {
    *FLAG.lock() = known;
}

/// Runs `body` while no other isolate of ours touches the flag, and with it set
/// if `exposed`. Contexts made in `body` have a `gc()` where the flag is on, which
/// is how a caller finds out whether it was on before, and whether setting it takes
/// effect. `None` where it cannot be set.
pub fn with_gc_flag<R>(exposed: bool, body: impl FnOnce() -> R) -> Option<R> {
    let guard = FLAG.lock();
    let _ = SYMBOLS.set_flags?;
    if exposed {
        set_flag(c"--expose-gc");
    }
    let result = body();
    if exposed {
        set_flag(c"--no-expose-gc");
    }
    drop(guard);
    Some(result)
}

fn set_flag(flag: &CStr) {
    if let Some(set) = SYMBOLS.set_flags {
        // SAFETY: the string is NUL-terminated; V8 copies what it needs. Every
        // other call of ours holds `FLAG`.
        unsafe { set(flag.as_ptr()) };
    }
}

impl CurrentIsolate {
    /// Collects all garbage, as `gc()` does. False where V8 cannot be asked.
    ///
    /// Must not be called from inside a GC callback.
    pub fn collect_all_garbage(self) -> bool {
        self.forced() || self.under_pressure()
    }

    fn forced(self) -> bool {
        let flag = FLAG.lock();
        let Some(request) = SYMBOLS.request_gc else {
            return false;
        };
        if *flag == GcFlag::Unproven {
            return false;
        }
        for _ in 0..PASSES {
            // Each time, and where it was on as well: the app may take it back
            // (`v8.setFlagsFromString`), and then V8 would end the process.
            set_flag(c"--expose-gc");
            // SAFETY: the isolate is current, no GC is running on this thread,
            // and the flag, proven to take effect, is set while the lock is held.
            unsafe { request(self.as_ptr(), FULL) };
        }
        if *flag == GcFlag::Settable {
            set_flag(c"--no-expose-gc");
        }
        true
    }

    /// The next best thing, flags or no flags.
    fn under_pressure(self) -> bool {
        let Some(notify) = SYMBOLS.memory_pressure_notification else {
            return false;
        };
        for _ in 0..PASSES {
            // SAFETY: the isolate is current and no GC is running on this thread.
            unsafe { notify(self.as_ptr(), CRITICAL) };
        }
        true
    }
}
