//! GC prologue and epilogue callbacks of one isolate.

use super::fork;
use super::isolate::{CurrentIsolate, IsolateId};
use super::symbols::{IsolatePtr, SYMBOLS};
use core::ffi::{c_int, c_void};
use std::sync::Arc;

/// Every GC type V8 has or may get: the filter is a bit set.
const ALL_GC_TYPES: c_int = 0xff;

/// Receives the GCs of one isolate, on its thread, while JavaScript stands still.
///
/// Neither method may allocate on the JS heap, call Node-API, block or panic.
pub trait GcSink: Send + Sync {
    /// A GC begins. `kind` is V8's raw GC type, `flags` its `GCCallbackFlags`.
    fn prologue(&self, isolate: CurrentIsolate, kind: i32, flags: i32);
    /// The same GC is over.
    fn epilogue(&self, isolate: CurrentIsolate, kind: i32, flags: i32);
}

/// The hooks of one isolate. They must be removed on its thread, in it.
pub struct GcHooks {
    isolate: IsolateId,
    target: *mut Arc<dyn GcSink>,
}

// SAFETY: the pointer is only dereferenced by V8's callbacks on the isolate's
// thread and freed in `remove`, which checks that it runs there.
unsafe impl Send for GcHooks {}

impl GcHooks {
    /// Hooks `sink` into the current isolate; `None` where V8 cannot be hooked.
    pub fn install(isolate: CurrentIsolate, sink: Arc<dyn GcSink>) -> Option<Self> {
        let (prologue, epilogue) = (SYMBOLS.add_gc_prologue?, SYMBOLS.add_gc_epilogue?);
        // Without the counterparts the hooks could outlive the sink.
        let _ = (SYMBOLS.remove_gc_prologue?, SYMBOLS.remove_gc_epilogue?);
        let target = Box::into_raw(Box::new(sink));
        // SAFETY: the isolate is current. `target` stays valid until `remove`
        // has taken the callbacks out again; if `remove` is never called it is
        // leaked and so still valid.
        unsafe {
            prologue(isolate.as_ptr(), on_prologue, target.cast(), ALL_GC_TYPES);
            epilogue(isolate.as_ptr(), on_epilogue, target.cast(), ALL_GC_TYPES);
        }
        Some(Self {
            isolate: isolate.id(),
            target,
        })
    }

    /// Takes the hooks out of their isolate. Elsewhere it does nothing but leak
    /// a few bytes: freeing them under a live callback would be worse.
    pub fn remove(self) {
        let Some(isolate) = CurrentIsolate::get() else {
            return;
        };
        let (Some(prologue), Some(epilogue)) =
            (SYMBOLS.remove_gc_prologue, SYMBOLS.remove_gc_epilogue)
        else {
            return;
        };
        if isolate.id() != self.isolate {
            return;
        }
        // SAFETY: the same isolate, callbacks and data as in `install`, on the
        // thread that runs them, so none of them is under way. After that
        // nobody knows `target`, which came from `Box::into_raw`.
        unsafe {
            prologue(isolate.as_ptr(), on_prologue, self.target.cast());
            epilogue(isolate.as_ptr(), on_epilogue, self.target.cast());
            drop(Box::from_raw(self.target));
        }
    }
}

unsafe extern "C" fn on_prologue(
    isolate: IsolatePtr,
    kind: c_int,
    flags: c_int,
    data: *mut c_void,
) {
    call(isolate, data, |sink, isolate| {
        sink.prologue(isolate, kind, flags)
    });
}

unsafe extern "C" fn on_epilogue(
    isolate: IsolatePtr,
    kind: c_int,
    flags: c_int,
    data: *mut c_void,
) {
    call(isolate, data, |sink, isolate| {
        sink.epilogue(isolate, kind, flags)
    });
}

fn call(isolate: IsolatePtr, data: *mut c_void, run: impl Fn(&dyn GcSink, CurrentIsolate)) {
    if fork::is_copy() {
        return;
    }
    let Some(isolate) = CurrentIsolate::from_ptr(isolate) else {
        return;
    };
    // SAFETY: `data` is the box `install` made; see `GcHooks::remove`.
    let sink = unsafe { &*data.cast::<Arc<dyn GcSink>>() };
    // A panic must not cross V8's frames; there is nobody to tell of it.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        run(sink.as_ref(), isolate);
    }));
}
