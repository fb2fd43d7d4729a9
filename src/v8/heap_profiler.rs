//! Taking heap snapshots and streaming them out.

use super::isolate::CurrentIsolate;
use super::symbols::{SYMBOLS, TakeHeapSnapshot};
use super::virtual_table::{ActivityControl, OutputStream, ReportProgress, WriteChunk};
use core::ffi::c_void;

/// V8 cuts its output into pieces of this size, in bytes.
pub const CHUNK_SIZE: i32 = 1 << 20;
/// `HeapSnapshot::kJSON`.
const JSON: i32 = 0;

/// Why there is no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakeError {
    /// This host does not export V8's heap profiler.
    Unavailable,
    /// The progress callback gave it up.
    Aborted,
}

/// A snapshot inside V8's memory; deleted when dropped.
pub struct HeapSnapshot {
    /// A raw pointer, which also keeps this value on the isolate's thread.
    snapshot: *const c_void,
}

/// Whether this host can take snapshots natively.
pub fn available() -> bool {
    SYMBOLS.heap_profiler.is_some()
        && SYMBOLS.take_heap_snapshot.is_some()
        && SYMBOLS.snapshot_serialize.is_some()
        && SYMBOLS.snapshot_delete.is_some()
}

impl CurrentIsolate {
    /// Builds a snapshot: 2.2–2.8 µs and about 330 bytes per node, during which
    /// the isolate stands still. No JavaScript runs in `report`.
    pub fn take_heap_snapshot(
        self,
        numeric_values: bool,
        report: &mut ReportProgress<'_>,
    ) -> Result<HeapSnapshot, TakeError> {
        let profiler = self.profiler().ok_or(TakeError::Unavailable)?;
        let take = SYMBOLS.take_heap_snapshot.ok_or(TakeError::Unavailable)?;
        if !available() {
            return Err(TakeError::Unavailable);
        }
        let mut control = ActivityControl::new(report);
        let (control, resolver) = (control.as_ptr(), core::ptr::null_mut());
        // SAFETY: the profiler belongs to the current isolate; `control` has
        // the layout of the class and outlives the call; a null resolver is
        // V8's default. Global objects as roots is V8's default as well.
        let snapshot = unsafe {
            match take {
                TakeHeapSnapshot::Two(take) => take(profiler, control, resolver),
                TakeHeapSnapshot::Three(take) => take(profiler, control, resolver, true),
                TakeHeapSnapshot::Four(take) => {
                    take(profiler, control, resolver, true, numeric_values)
                }
            }
        };
        if snapshot.is_null() {
            return Err(TakeError::Aborted);
        }
        Ok(HeapSnapshot { snapshot })
    }

    /// Ends the object ids that snapshots gave out. As long as V8 keeps them
    /// every scavenge is several times slower. Must not be called while a
    /// snapshot of ours is alive.
    pub fn clear_object_ids(self) -> bool {
        let (Some(profiler), Some(clear)) = (self.profiler(), SYMBOLS.clear_object_ids) else {
            return false;
        };
        // SAFETY: the profiler of the current isolate.
        unsafe { clear(profiler) };
        true
    }

    pub(super) fn profiler(self) -> Option<*mut c_void> {
        let profiler = SYMBOLS.heap_profiler?;
        // SAFETY: the isolate is current; V8 owns the profiler it returns.
        let profiler = unsafe { profiler(self.as_ptr()) };
        (!profiler.is_null()).then_some(profiler)
    }
}

impl HeapSnapshot {
    /// How many nodes the snapshot has, 0 if V8 cannot say.
    pub fn nodes_count(&self) -> u64 {
        let Some(count) = SYMBOLS.snapshot_nodes_count else {
            return 0;
        };
        // SAFETY: the snapshot is alive.
        let count = unsafe { count(self.snapshot) };
        u64::try_from(count).unwrap_or(0)
    }

    /// Writes the snapshot as JSON, in chunks of [`CHUNK_SIZE`]. False if
    /// `write` ended it early.
    pub fn serialize(&self, write: &mut WriteChunk<'_>) -> bool {
        let Some(serialize) = SYMBOLS.snapshot_serialize else {
            return false;
        };
        let mut stream = OutputStream::new(CHUNK_SIZE, write);
        // SAFETY: the snapshot is alive; `stream` has the layout of the class
        // and outlives the call.
        unsafe { serialize(self.snapshot, stream.as_ptr(), JSON) };
        !stream.aborted
    }
}

impl Drop for HeapSnapshot {
    fn drop(&mut self) {
        if let Some(delete) = SYMBOLS.snapshot_delete {
            // SAFETY: the snapshot came from this thread's isolate (the
            // pointer keeps this value from leaving the thread) and is deleted once.
            unsafe { delete(self.snapshot.cast_mut()) };
        }
    }
}
