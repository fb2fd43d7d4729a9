//! Forcing a full GC without `--expose-gc`.

use super::isolate::CurrentIsolate;
use super::symbols::SYMBOLS;
use core::ffi::c_int;

/// `v8::MemoryPressureLevel::kCritical`.
const CRITICAL: c_int = 2;
/// The first pass runs the weak callbacks; what they let go, detached contexts
/// among it, goes with the second.
const PASSES: usize = 2;

impl CurrentIsolate {
    /// Collects all garbage. False where V8 cannot be asked.
    ///
    /// Critical memory pressure makes V8 do what `gc()` does, flags or no flags.
    /// A low-memory notification would collect up to seven times and throw the
    /// compilation cache away: the service would compile again, and a leak that
    /// hangs on that cache (Jest on Node 16.11 and later) would never be seen.
    ///
    /// Must not be called from inside a GC callback.
    pub fn collect_all_garbage(self) -> bool {
        // SAFETY: for both calls, the isolate is current and entered by this
        // thread, and no GC is running on it.
        unsafe {
            if let Some(collect) = SYMBOLS.memory_pressure_notification {
                for _ in 0..PASSES {
                    collect(self.as_ptr(), CRITICAL);
                }
            } else if let Some(collect) = SYMBOLS.low_memory_notification {
                collect(self.as_ptr());
            } else {
                return false;
            }
        }
        true
    }
}
