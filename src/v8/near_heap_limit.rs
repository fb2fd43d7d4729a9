//! The callback V8 makes just before it gives up for want of memory.

use super::fork;
use super::isolate::{CurrentIsolate, IsolateId};
use super::symbols::SYMBOLS;
use core::ffi::c_void;
use std::sync::Arc;

/// How far a copy raises its own limit, in bytes, each time it is near.
const COPY_LEEWAY: usize = 256 << 20;

/// Decides how V8 goes on when the heap limit is near. Called during a GC, on
/// the isolate's thread: no JavaScript, no Node-API.
pub trait NearHeapLimitSink: Send + Sync {
    /// Returns the new limit in bytes; `current` lets V8 die as it would have.
    fn near_limit(&self, isolate: CurrentIsolate, current: usize, initial: usize) -> usize;
}

/// The callback of one isolate. It must be removed on its thread, in it.
pub struct NearHeapLimitHook {
    isolate: IsolateId,
    target: *mut Arc<dyn NearHeapLimitSink>,
}

// SAFETY: the pointer is used by V8 on the isolate's thread and freed in
// `remove`, which checks that it runs there.
unsafe impl Send for NearHeapLimitHook {}

impl NearHeapLimitHook {
    /// Adds the callback to the current isolate; `None` where V8 has none.
    pub fn install(isolate: CurrentIsolate, sink: Arc<dyn NearHeapLimitSink>) -> Option<Self> {
        let add = SYMBOLS.add_near_heap_limit?;
        let _ = SYMBOLS.remove_near_heap_limit?;
        let target = Box::into_raw(Box::new(sink));
        // SAFETY: the isolate is current, `target` lives until `remove`.
        unsafe { add(isolate.as_ptr(), on_near_limit, target.cast()) };
        Some(Self {
            isolate: isolate.id(),
            target,
        })
    }

    /// Takes the callback out; elsewhere it leaks a few bytes instead.
    pub fn remove(self) {
        let (Some(isolate), Some(remove)) = (CurrentIsolate::get(), SYMBOLS.remove_near_heap_limit)
        else {
            return;
        };
        if isolate.id() != self.isolate {
            return;
        }
        // SAFETY: the same isolate and callback as in `install`; 0 leaves the
        // limit alone. Afterwards nobody knows `target`.
        unsafe {
            remove(isolate.as_ptr(), on_near_limit, 0);
            drop(Box::from_raw(self.target));
        }
    }
}

unsafe extern "C" fn on_near_limit(data: *mut c_void, current: usize, initial: usize) -> usize {
    if fork::is_copy() {
        // It lives for its snapshot alone, and needs a little room for that.
        return current.saturating_add(COPY_LEEWAY);
    }
    let Some(isolate) = CurrentIsolate::get() else {
        return current;
    };
    // SAFETY: `data` is the box `install` made; see `NearHeapLimitHook::remove`.
    // The sink may remove its own hook, so it is kept alive here.
    let sink = Arc::clone(unsafe { &*data.cast::<Arc<dyn NearHeapLimitSink>>() });
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        sink.near_limit(isolate, current, initial)
    }))
    .unwrap_or(current)
}
