//! Rust objects that V8 takes for its own C++ classes (Itanium C++ ABI).
//!
//! A class with virtual functions starts with a pointer to its table; the first
//! two entries are the complete and the deleting destructor.

use core::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Both `OutputStream::WriteResult` and `ActivityControl::ControlOption`.
const CONTINUE: c_int = 0;
const ABORT: c_int = 1;

/// Receives serialised bytes; false ends the serialisation early.
pub type WriteChunk<'a> = dyn FnMut(&[u8]) -> bool + 'a;
/// Receives objects done and objects in all; false gives the snapshot up.
pub type ReportProgress<'a> = dyn FnMut(u32, u32) -> bool + 'a;

/// A `v8::OutputStream` that hands its chunks to a closure.
#[repr(C)]
pub(super) struct OutputStream<'a, 'b> {
    table: &'static OutputStreamTable,
    chunk_size: c_int,
    write: &'a mut WriteChunk<'b>,
    /// The closure said no, or panicked.
    pub aborted: bool,
}

#[repr(C)]
struct OutputStreamTable {
    destroy: unsafe extern "C" fn(*mut c_void),
    delete: unsafe extern "C" fn(*mut c_void),
    end_of_stream: unsafe extern "C" fn(*mut c_void),
    chunk_size: unsafe extern "C" fn(*mut c_void) -> c_int,
    write_ascii_chunk: unsafe extern "C" fn(*mut c_void, *const c_char, c_int) -> c_int,
    write_stats_chunk: unsafe extern "C" fn(*mut c_void, *const c_void, c_int) -> c_int,
}

static OUTPUT_STREAM: OutputStreamTable = OutputStreamTable {
    destroy: nothing,
    delete: nothing,
    end_of_stream: nothing,
    chunk_size,
    write_ascii_chunk,
    write_stats_chunk,
};

impl<'a, 'b> OutputStream<'a, 'b> {
    pub fn new(chunk_size: c_int, write: &'a mut WriteChunk<'b>) -> Self {
        Self {
            table: &OUTPUT_STREAM,
            chunk_size,
            write,
            aborted: false,
        }
    }

    pub fn as_ptr(&mut self) -> *mut c_void {
        core::ptr::from_mut(self).cast()
    }
}

/// A `v8::ActivityControl` that reports to a closure.
#[repr(C)]
pub(super) struct ActivityControl<'a, 'b> {
    table: &'static ActivityControlTable,
    report: &'a mut ReportProgress<'b>,
}

#[repr(C)]
struct ActivityControlTable {
    destroy: unsafe extern "C" fn(*mut c_void),
    delete: unsafe extern "C" fn(*mut c_void),
    report: unsafe extern "C" fn(*mut c_void, u32, u32) -> c_int,
}

static ACTIVITY_CONTROL: ActivityControlTable = ActivityControlTable {
    destroy: nothing,
    delete: nothing,
    report: report_progress,
};

impl<'a, 'b> ActivityControl<'a, 'b> {
    pub fn new(report: &'a mut ReportProgress<'b>) -> Self {
        Self {
            table: &ACTIVITY_CONTROL,
            report,
        }
    }

    pub fn as_ptr(&mut self) -> *mut c_void {
        core::ptr::from_mut(self).cast()
    }
}

/// Receives the handle of an object; true picks it.
pub type Filter<'a> = dyn FnMut(*const usize) -> bool + 'a;

/// A `v8::QueryObjectPredicate` that asks a closure.
#[repr(C)]
pub(super) struct QueryObjectPredicate<'a, 'b> {
    table: &'static QueryObjectPredicateTable,
    filter: &'a mut Filter<'b>,
}

#[repr(C)]
struct QueryObjectPredicateTable {
    destroy: unsafe extern "C" fn(*mut c_void),
    delete: unsafe extern "C" fn(*mut c_void),
    filter: unsafe extern "C" fn(*mut c_void, *const usize) -> bool,
}

static QUERY_OBJECT_PREDICATE: QueryObjectPredicateTable = QueryObjectPredicateTable {
    destroy: nothing,
    delete: nothing,
    filter,
};

impl<'a, 'b> QueryObjectPredicate<'a, 'b> {
    pub fn new(filter: &'a mut Filter<'b>) -> Self {
        Self {
            table: &QUERY_OBJECT_PREDICATE,
            filter,
        }
    }

    pub fn as_ptr(&mut self) -> *mut c_void {
        core::ptr::from_mut(self).cast()
    }
}

unsafe extern "C" fn filter(this: *mut c_void, object: *const usize) -> bool {
    // SAFETY: as in `write_ascii_chunk`.
    let predicate = unsafe { &mut *this.cast::<QueryObjectPredicate<'_, '_>>() };
    let filter = &mut predicate.filter;
    catch_unwind(AssertUnwindSafe(|| filter(object))).unwrap_or(false)
}

unsafe extern "C" fn nothing(_this: *mut c_void) {}

unsafe extern "C" fn chunk_size(this: *mut c_void) -> c_int {
    // SAFETY: V8 passes the object it was given, alive for the whole call.
    unsafe { (*this.cast::<OutputStream<'_, '_>>()).chunk_size }
}

unsafe extern "C" fn write_ascii_chunk(
    this: *mut c_void,
    data: *const c_char,
    len: c_int,
) -> c_int {
    // SAFETY: V8 passes the object it was given and holds no other reference
    // into it while it calls.
    let stream = unsafe { &mut *this.cast::<OutputStream<'_, '_>>() };
    let Ok(len) = usize::try_from(len) else {
        return CONTINUE;
    };
    if len == 0 || stream.aborted {
        return if stream.aborted { ABORT } else { CONTINUE };
    }
    // SAFETY: V8 passes `len` initialised bytes, valid during this call.
    let bytes = unsafe { core::slice::from_raw_parts(data.cast::<u8>(), len) };
    let write = &mut stream.write;
    let go_on = catch_unwind(AssertUnwindSafe(|| write(bytes))).unwrap_or(false);
    stream.aborted = !go_on;
    if go_on { CONTINUE } else { ABORT }
}

unsafe extern "C" fn write_stats_chunk(
    _this: *mut c_void,
    _data: *const c_void,
    _len: c_int,
) -> c_int {
    CONTINUE
}

unsafe extern "C" fn report_progress(this: *mut c_void, done: u32, total: u32) -> c_int {
    // SAFETY: as in `write_ascii_chunk`.
    let control = unsafe { &mut *this.cast::<ActivityControl<'_, '_>>() };
    let report = &mut control.report;
    let go_on = catch_unwind(AssertUnwindSafe(|| report(done, total))).unwrap_or(false);
    if go_on { CONTINUE } else { ABORT }
}
