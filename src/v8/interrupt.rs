//! Reaching an isolate from another thread while its JavaScript runs.

use super::isolate::{CurrentIsolate, IsolateId};
use super::symbols::{IsolatePtr, SYMBOLS};
use core::ffi::c_void;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Called on the isolate's thread, between two steps of its JavaScript. Must
/// not run JavaScript.
pub type Handler = fn(CurrentIsolate);

/// The isolates that may be interrupted. An isolate leaves before it dies, and
/// `request` holds the lock while V8 looks at it, so no dead one is touched.
static REACHABLE: Mutex<Option<HashMap<IsolateId, Handler>>> = Mutex::new(None);

/// Makes the current isolate reachable; false where V8 cannot interrupt.
pub fn allow(isolate: CurrentIsolate, handler: Handler) -> bool {
    if SYMBOLS.request_interrupt.is_none() {
        return false;
    }
    REACHABLE
        .lock()
        .get_or_insert_default()
        .insert(isolate.id(), handler);
    true
}

/// Makes an isolate unreachable. Interrupts already asked for find no handler.
pub fn deny(isolate: IsolateId) {
    if let Some(reachable) = REACHABLE.lock().as_mut() {
        reachable.remove(&isolate);
    }
}

/// Asks the isolate to call its handler as soon as JavaScript runs there; an
/// idle one calls it when it next runs any. Callable from any thread.
pub fn request(isolate: IsolateId) -> bool {
    let reachable = REACHABLE.lock();
    let known = reachable
        .as_ref()
        .is_some_and(|map| map.contains_key(&isolate));
    let (true, Some(request)) = (known, SYMBOLS.request_interrupt) else {
        return false;
    };
    // SAFETY: the isolate is alive: it is in the map, which it leaves before
    // it dies, and the lock is held. V8 allows this call from any thread. The
    // callback gets no data, so nothing can dangle.
    unsafe { request(isolate.0 as IsolatePtr, on_interrupt, core::ptr::null_mut()) };
    true
}

unsafe extern "C" fn on_interrupt(isolate: IsolatePtr, _data: *mut c_void) {
    let Some(isolate) = CurrentIsolate::from_ptr(isolate) else {
        return;
    };
    // The lock is released before the handler runs, which may take seconds.
    let handler = REACHABLE
        .lock()
        .as_ref()
        .and_then(|map| map.get(&isolate.id()).copied());
    if let Some(handler) = handler {
        // A panic must not cross V8's frames.
        let _ = std::panic::catch_unwind(|| handler(isolate));
    }
}
