//! Forcing a full GC without `--expose-gc`.

use super::isolate::CurrentIsolate;
use super::symbols::SYMBOLS;

impl CurrentIsolate {
    /// Collects all garbage, weak handles and detached contexts included, in
    /// as many passes as V8 finds useful (about 1.15 ms per MB used). False
    /// where V8 cannot be asked.
    ///
    /// Must not be called from inside a GC callback.
    pub fn collect_all_garbage(self) -> bool {
        let Some(collect) = SYMBOLS.low_memory_notification else {
            return false;
        };
        // SAFETY: the isolate is current and no GC is running on this thread.
        unsafe { collect(self.as_ptr()) };
        true
    }
}
