//! Live objects counted by constructor, without a snapshot.
//!
//! V8's `QueryObjects` collects all garbage, shows each JavaScript object to a
//! predicate and keeps those it picks. Ours counts, and picks the first object
//! of each name, whose name is read afterwards: reading a string may allocate,
//! which is forbidden while V8 walks the heap.

use super::isolate::CurrentIsolate;
use super::symbols::{QueryObjects, SYMBOLS, WriteUtf8};
use super::virtual_table::{Filter, QueryObjectPredicate};
use core::ffi::{c_int, c_void};
use rustc_hash::FxHashMap;
use std::fmt::Write;

/// Names told apart at most; V8 must never find the vector full, since it would
/// then free our memory with its own allocator.
const MAX_NAMES: usize = 1 << 13;
/// Bytes of a name that are read.
const MAX_NAME: usize = 256;
/// `String::NO_NULL_TERMINATION | REPLACE_INVALID_UTF8`.
const OPTIONS: c_int = 2 | 8;
/// `String::WriteFlags::kReplaceInvalidUtf8`.
const FLAGS: c_int = 2;

/// Runs its argument inside a handle scope of its own.
pub type Scoped<'a> = dyn FnMut(&mut dyn FnMut()) + 'a;

/// What `std::vector<v8::Global<v8::Object>>` is made of, in libstdc++ and
/// libc++ alike: three pointers. Before Node 20 V8's `PersistentValueVector`
/// has the isolate in front.
#[repr(C)]
struct Vector {
    isolate: *mut c_void,
    begin: *mut *const usize,
    end: *mut *const usize,
    end_of_storage: *mut *const usize,
}

/// Whether this host can count.
pub fn available() -> bool {
    SYMBOLS.query_objects.is_some()
        && SYMBOLS.heap_profiler.is_some()
        && SYMBOLS.current_context.is_some()
        && SYMBOLS.constructor_name.is_some()
        && SYMBOLS.dispose_global.is_some()
        && SYMBOLS.write_utf8.is_some()
}

impl CurrentIsolate {
    /// Live objects by the name of their constructor: count and name in turn,
    /// with NULs between. A name may come more than once.
    ///
    /// Must not be called from inside a GC callback, and the caller must be in a
    /// handle scope and a context.
    pub fn histogram(self, scoped: &mut Scoped<'_>) -> Option<String> {
        let name_of = SYMBOLS.constructor_name?;
        let (write, dispose) = (SYMBOLS.write_utf8?, SYMBOLS.dispose_global?);
        let mut counts: Vec<u64> = Vec::new();
        let mut others = 0_u64;
        let mut known = FxHashMap::default();
        let mut filter = |object: *const usize| {
            let mut name = 0;
            scoped(&mut || {
                // SAFETY: V8 passes a handle that lives through this call. It
                // looks constructors up without allocating, as its own heap
                // profiler does on the same walk; no GC moves the string
                // before the walk is over, so its address is its identity.
                name = unsafe {
                    let string = name_of(object);
                    if string.is_null() { 0 } else { *string }
                };
            });
            if name == 0 {
                return false;
            }
            if let Some(&at) = known.get(&name) {
                let at: usize = at;
                counts[at] += 1;
                return false;
            }
            if counts.len() == MAX_NAMES {
                others += 1;
                return false;
            }
            known.insert(name, counts.len());
            counts.push(1);
            true
        };
        let mut picked: Vec<*const usize> = Vec::with_capacity(MAX_NAMES);
        let length = self.query(&mut filter, &mut picked)?;
        // SAFETY: V8 has filled in so many globals.
        unsafe { picked.set_len(length) };
        let mut histogram = String::new();
        for (&global, count) in picked.iter().zip(counts) {
            let mut bytes = [0_u8; MAX_NAME];
            // SAFETY: each global is alive until it is disposed of, once, here;
            // the buffer is as large as said.
            let length = unsafe {
                let string = name_of(global);
                let length = write.write(self.as_ptr(), string, &mut bytes);
                dispose(global.cast_mut());
                length
            };
            let name = &mut bytes[..length.min(MAX_NAME)];
            // It would end the name too soon.
            name.iter_mut().filter(|b| **b == 0).for_each(|b| *b = b' ');
            let name = String::from_utf8_lossy(name);
            // Writing to a string does not fail.
            let _ = write!(histogram, "{count}\0{name}\0");
        }
        let _ = write!(histogram, "{others}\0(others)\0");
        Some(histogram)
    }

    /// Shows every live object to `filter`; how many V8 put into `picked`.
    fn query(self, filter: &mut Filter<'_>, picked: &mut Vec<*const usize>) -> Option<usize> {
        let query = SYMBOLS.query_objects?;
        let begin = picked.as_mut_ptr();
        let mut vector = Vector {
            isolate: self.as_ptr(),
            begin,
            end: begin,
            end_of_storage: begin.wrapping_add(picked.capacity()),
        };
        let mut predicate = QueryObjectPredicate::new(filter);
        // SAFETY: the isolate is current and the caller is in a context, whose
        // handle lives through the call. The predicate and the vector have the
        // layout of their classes and outlive the call; the filter accepts
        // `MAX_NAMES` objects at most, so the vector never grows.
        unsafe {
            let context = (SYMBOLS.current_context?)(self.as_ptr());
            if context.is_null() {
                return None;
            }
            match query {
                QueryObjects::Profiler(query) => {
                    let profiler = self.profiler()?;
                    let vector = core::ptr::from_mut(&mut vector.begin).cast();
                    query(profiler, context, predicate.as_ptr(), vector);
                }
                QueryObjects::Debug(query) => {
                    let vector = core::ptr::from_mut(&mut vector).cast();
                    query(context, predicate.as_ptr(), vector);
                }
            }
        }
        let written = (vector.end as usize).checked_sub(begin as usize)?;
        Some((written / size_of::<*const usize>()).min(picked.capacity()))
    }
}

impl WriteUtf8 {
    /// Writes the string's beginning; how many bytes.
    ///
    /// # Safety
    /// `string` must be the handle of a live string of `isolate`.
    unsafe fn write(self, isolate: *mut c_void, string: *const usize, bytes: &mut [u8]) -> usize {
        let (buffer, none) = (bytes.as_mut_ptr().cast(), core::ptr::null_mut());
        match self {
            // SAFETY: the caller vouches for the string; the length is the buffer's.
            Self::Old(write) => unsafe {
                let length = c_int::try_from(bytes.len()).unwrap_or(0);
                usize::try_from(write(string, isolate, buffer, length, none, OPTIONS)).unwrap_or(0)
            },
            // SAFETY: likewise.
            Self::New(write) => unsafe {
                write(string, isolate, buffer, bytes.len(), FLAGS, none.cast())
            },
        }
    }
}
