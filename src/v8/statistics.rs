//! `v8::HeapStatistics` and `v8::HeapSpaceStatistics`, read without V8's headers.

use super::isolate::CurrentIsolate;
use super::symbols::SYMBOLS;
use core::ffi::{CStr, c_char, c_void};

/// Far more words than any V8 has put into `HeapStatistics` (14 today).
const STATISTICS_WORDS: usize = 32;
/// Five words in every V8 so far: name, size, used, available, physical.
const SPACE_WORDS: usize = 32;
/// Fills the buffer before V8's constructor zeroes the fields it knows, so
/// that a field this V8 does not have can be told from one that is zero.
const UNTOUCHED: usize = usize::MAX - 0x5eed;

/// Whole-heap figures of one isolate, in bytes unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapStatistics {
    /// Memory V8 has reserved for the heap.
    pub total_heap_size: u64,
    /// The executable part of it.
    pub total_heap_size_executable: u64,
    /// Committed memory.
    pub total_physical_size: u64,
    /// What is left until the limit.
    pub total_available_size: u64,
    /// Objects, dead ones that no GC has seen yet included.
    pub used_heap_size: u64,
    /// Where V8 gives up.
    pub heap_size_limit: u64,
    /// Allocated by V8 with malloc.
    pub malloced_memory: u64,
    /// Off-heap memory that objects account for (Buffers, for one).
    pub external_memory: u64,
    /// The highest `malloced_memory` so far.
    pub peak_malloced_memory: u64,
    /// Live native contexts, a count; from V8 6 on.
    pub native_contexts: Option<u64>,
    /// Contexts detached and not yet collected, a count.
    pub detached_contexts: Option<u64>,
    /// Size of the table of global handles; Node 15 and later.
    pub total_global_handles_size: Option<u64>,
    /// The used part of it; Node 15 and later.
    pub used_global_handles_size: Option<u64>,
}

/// One space of the heap, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceStatistics {
    /// V8's name for it, `old_space` for one. A literal inside V8.
    pub name: &'static str,
    /// Reserved.
    pub size: u64,
    /// Used by objects.
    pub used: u64,
    /// Free for objects.
    pub available: u64,
    /// Committed.
    pub physical: u64,
}

impl SpaceStatistics {
    /// `code_space` and `code_large_object_space`.
    pub fn is_code(&self) -> bool {
        self.name.starts_with("code_")
    }
}

impl CurrentIsolate {
    /// Heap figures: 0.2 µs outside a GC, 5 µs (100 µs before Node 18) inside.
    pub fn heap_statistics(self) -> Option<HeapStatistics> {
        let (new, read) = (SYMBOLS.heap_statistics_new?, SYMBOLS.heap_statistics?);
        let mut words = [UNTOUCHED; STATISTICS_WORDS];
        let buffer: *mut c_void = words.as_mut_ptr().cast();
        // SAFETY: the buffer is larger and no less aligned than the class, the
        // isolate is current, and V8 keeps no pointer to the buffer.
        unsafe {
            new(buffer);
            read(self.as_ptr(), buffer);
        }
        let field = |at: usize| (words[at] != UNTOUCHED).then_some(words[at] as u64);
        Some(HeapStatistics {
            total_heap_size: field(0)?,
            total_heap_size_executable: field(1)?,
            total_physical_size: field(2)?,
            total_available_size: field(3)?,
            used_heap_size: field(4)?,
            heap_size_limit: field(5)?,
            malloced_memory: field(6)?,
            external_memory: field(7)?,
            peak_malloced_memory: field(8)?,
            // Word 9 is `does_zap_garbage`, one byte and padding.
            native_contexts: field(10),
            detached_contexts: field(11),
            total_global_handles_size: field(12),
            used_global_handles_size: field(13),
        })
    }

    /// How many spaces the heap has, 0 if V8 cannot be asked.
    pub fn space_count(self) -> usize {
        let Some(count) = SYMBOLS.number_of_spaces else {
            return 0;
        };
        // SAFETY: the isolate is current; the call only reads.
        unsafe { count(self.as_ptr()) }
    }

    /// Bytes in use by compiled machine code; `None` where V8 does not tell.
    pub fn code_used(self) -> Option<u64> {
        let count = self.space_count();
        let spaces = (0..count).filter_map(|at| self.space(at));
        let code = spaces.filter(|space| space.is_code());
        (count > 0).then(|| code.map(|space| space.used).sum())
    }

    /// The figures of one space; `None` past the last.
    pub fn space(self, index: usize) -> Option<SpaceStatistics> {
        let (new, read) = (SYMBOLS.space_statistics_new?, SYMBOLS.space_statistics?);
        let mut words = [0_usize; SPACE_WORDS];
        let buffer: *mut c_void = words.as_mut_ptr().cast();
        // SAFETY: as in `heap_statistics`; an index past the last returns false.
        let known = unsafe {
            new(buffer);
            read(self.as_ptr(), buffer, index)
        };
        if !known || words[0] == 0 {
            return None;
        }
        // SAFETY: V8 fills in the address of a string literal of its own,
        // NUL-terminated and alive as long as the process.
        let name: &'static CStr = unsafe { CStr::from_ptr(words[0] as *const c_char) };
        Some(SpaceStatistics {
            name: name.to_str().ok()?,
            size: words[1] as u64,
            used: words[2] as u64,
            available: words[3] as u64,
            physical: words[4] as u64,
        })
    }
}
