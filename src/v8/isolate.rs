//! The isolate this thread is running, as a token that proves it is alive.

use super::symbols::{IsolatePtr, SYMBOLS};
use core::marker::PhantomData;

/// Identity of an isolate: its address.
///
/// Addresses are reused once an isolate is gone, so whoever stores an id
/// erases it in the environment's cleanup hook.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct IsolateId(pub(super) usize);

impl IsolateId {
    /// A stand-in where V8 cannot be asked: thread ids are unique in a process
    /// and far below any address.
    pub fn of_thread(thread_id: u32) -> Self {
        Self(thread_id as usize + 1)
    }

    /// The address as a number, for callers that carry it through C.
    pub fn as_usize(self) -> usize {
        self.0
    }
}

/// Proof that this thread has entered an isolate just now.
///
/// Every V8 call takes one. It is neither `Send` nor stored: holding it across
/// a return to the event loop would prove nothing.
#[derive(Clone, Copy)]
pub struct CurrentIsolate {
    ptr: IsolatePtr,
    not_send: PhantomData<*mut ()>,
}

impl CurrentIsolate {
    /// The isolate entered on this thread, if there is one and V8 can be asked.
    pub fn get() -> Option<Self> {
        let current = SYMBOLS.current_isolate?;
        // SAFETY: a static V8 function without arguments; it reads a
        // thread-local and returns null outside an isolate.
        let ptr = unsafe { current() };
        Self::from_ptr(ptr)
    }

    /// Wraps the pointer V8 hands to a callback, which runs inside it.
    pub(super) fn from_ptr(ptr: IsolatePtr) -> Option<Self> {
        (!ptr.is_null()).then_some(Self {
            ptr,
            not_send: PhantomData,
        })
    }

    /// This isolate's identity.
    pub fn id(self) -> IsolateId {
        IsolateId(self.ptr as usize)
    }

    pub(super) fn as_ptr(self) -> IsolatePtr {
        self.ptr
    }
}
