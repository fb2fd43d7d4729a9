//! A copy's own allocator.
//!
//! Another thread may have held malloc's lock when the copy was made, and other
//! allocators (jemalloc, preloaded) have locks too. This one belongs to the copy
//! alone, knows one thread, and keeps to a budget: a snapshot needs about 330
//! bytes a node, and a copy that would take more than there is ends itself
//! before the kernel looks for somebody to end.
//!
//! Memory comes from one reserved range, so that what the service had allocated
//! can be told from what the copy has; the former is never freed.

use super::child::{Exit, end};
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Before each block: its class, and how far back it really begins.
const HEADER: usize = 16;
/// Blocks up to here are rounded to 16 bytes, larger ones to a quarter of a
/// power of two.
const SMALL: usize = 1024;
const CLASSES: usize = 64 + 4 * 32;
/// Free blocks from here on give their pages back.
const LARGE: usize = 128 << 10;
/// Address space tried for, in bytes; where that is limited, less is.
const RESERVE: [usize; 4] = [1 << 40, 1 << 37, 1 << 35, 1 << 32];
/// The reserved range is made usable in pieces of this size.
const COMMIT: usize = 16 << 20;
const PAGE: usize = 4096;

struct Arena {
    start: AtomicUsize,
    next: AtomicUsize,
    committed: AtomicUsize,
    end: AtomicUsize,
    /// Bytes in pages that are in use, and how many there may be.
    used: AtomicUsize,
    budget: AtomicUsize,
    free: [AtomicUsize; CLASSES],
}

// Relaxed throughout: there is one thread. Atomics only make the static safe.
static ARENA: Arena = Arena {
    start: AtomicUsize::new(0),
    next: AtomicUsize::new(0),
    committed: AtomicUsize::new(0),
    end: AtomicUsize::new(0),
    used: AtomicUsize::new(0),
    budget: AtomicUsize::new(usize::MAX),
    free: [const { AtomicUsize::new(0) }; CLASSES],
};
static USABLE_SIZE: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());

type UsableSize = unsafe extern "C" fn(*mut c_void) -> usize;

/// Notes how to ask for the size of what the service had allocated.
pub fn remember_originals() {
    let usable: UsableSize = libc::malloc_usable_size;
    USABLE_SIZE.store(usable as *mut c_void, Ordering::Relaxed);
}

/// Reserves the range; false if there is no address space left.
pub fn open(budget: u64) -> bool {
    for size in RESERVE {
        // SAFETY: reserves addresses at a place of the kernel's choice, no memory.
        let start = unsafe {
            libc::mmap(
                core::ptr::null_mut(),
                size,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            continue;
        }
        let start = start as usize;
        set(&ARENA.start, start);
        set(&ARENA.next, start);
        set(&ARENA.committed, start);
        set(&ARENA.end, start + size);
        set(&ARENA.budget, usize::try_from(budget).unwrap_or(usize::MAX));
        return true;
    }
    false
}

/// Bytes in use.
pub fn used() -> u64 {
    get(&ARENA.used) as u64
}

fn get(word: &AtomicUsize) -> usize {
    word.load(Ordering::Relaxed)
}

fn set(word: &AtomicUsize, value: usize) {
    word.store(value, Ordering::Relaxed);
}

fn owns(pointer: usize) -> bool {
    pointer >= get(&ARENA.start) && pointer < get(&ARENA.end)
}

/// A block's class and its size with that.
fn class_of(size: usize) -> (usize, usize) {
    if size <= SMALL {
        let class = size.div_ceil(16).max(2);
        return (class - 1, class * 16);
    }
    let shift = (size - 1).ilog2() as usize;
    let quarter = 1_usize << (shift - 2);
    let quarters = size.div_ceil(quarter);
    // Five to eight quarters of the power of two below.
    (64 + (shift - 10) * 4 + quarters - 5, quarters * quarter)
}

/// Counts memory against the budget.
fn count(bytes: usize) {
    let used = get(&ARENA.used) + bytes;
    if used > get(&ARENA.budget) {
        end(Exit::OverBudget);
    }
    set(&ARENA.used, used);
}

/// A block of at least `size` bytes, header included; whether it is all zeroes.
fn take(size: usize) -> (usize, usize, bool) {
    let (class, size) = class_of(size);
    let head = get(&ARENA.free[class]);
    if head != 0 {
        // SAFETY: a free block's first word is the next free block.
        set(&ARENA.free[class], unsafe { *(head as *const usize) });
        if size >= LARGE {
            count(size);
        }
        return (head, class, false);
    }
    let (block, to) = (get(&ARENA.next), get(&ARENA.next) + size);
    if to > get(&ARENA.end) {
        end(Exit::OverBudget);
    }
    let committed = get(&ARENA.committed);
    if to > committed {
        let more = (to - committed)
            .next_multiple_of(COMMIT)
            .min(get(&ARENA.end) - committed);
        // SAFETY: inside the reserved range, not used yet.
        let status = unsafe {
            libc::mprotect(
                committed as *mut c_void,
                more,
                libc::PROT_READ | libc::PROT_WRITE,
            )
        };
        if status != 0 {
            end(Exit::OverBudget);
        }
        set(&ARENA.committed, committed + more);
    }
    set(&ARENA.next, to);
    count(size);
    (block, class, true)
}

/// A pointer aligned to `align` with `size` bytes; whether they are all zeroes.
fn allocate(size: usize, align: usize) -> (*mut c_void, bool) {
    let slack = if align > HEADER { align } else { 0 };
    let Some(needed) = size.checked_add(HEADER + slack) else {
        return (core::ptr::null_mut(), false);
    };
    if needed > 1 << 40 {
        return (core::ptr::null_mut(), false);
    }
    let (block, class, zeroed) = take(needed);
    let pointer = (block + HEADER).next_multiple_of(align.max(HEADER));
    // SAFETY: the header is inside the block, before the pointer.
    unsafe {
        let header = (pointer - HEADER) as *mut usize;
        header.write(class);
        header.add(1).write(pointer - block);
    }
    (pointer as *mut c_void, zeroed)
}

/// The class of a block of ours and where it begins.
///
/// # Safety
/// `pointer` came from `allocate` and is not free.
unsafe fn header(pointer: usize) -> (usize, usize) {
    // SAFETY: `allocate` wrote it.
    unsafe {
        let header = (pointer - HEADER) as *const usize;
        (header.read(), pointer - header.add(1).read())
    }
}

fn size_of_class(class: usize) -> usize {
    if class < 64 {
        return (class + 1) * 16;
    }
    let (shift, quarters) = ((class - 64) / 4 + 10, (class - 64) % 4 + 5);
    quarters << (shift - 2)
}

pub unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    allocate(size, HEADER).0
}

pub unsafe extern "C" fn calloc(count: usize, each: usize) -> *mut c_void {
    let Some(size) = count.checked_mul(each) else {
        return core::ptr::null_mut();
    };
    let (pointer, zeroed) = allocate(size, HEADER);
    if !zeroed && !pointer.is_null() {
        // SAFETY: allocated just now with this size.
        unsafe { pointer.cast::<u8>().write_bytes(0, size) };
    }
    pointer
}

pub unsafe extern "C" fn free(pointer: *mut c_void) {
    let at = pointer as usize;
    if !owns(at) {
        return;
    }
    // SAFETY: a block of ours, which the caller gives back.
    unsafe {
        let (class, block) = header(at);
        let size = size_of_class(class);
        if size >= LARGE {
            let from = (block + HEADER).next_multiple_of(PAGE);
            let to = (block + size) & !(PAGE - 1);
            libc::madvise(from as *mut c_void, to - from, libc::MADV_DONTNEED);
            set(&ARENA.used, get(&ARENA.used) - size);
        }
        (block as *mut usize).write(get(&ARENA.free[class]));
        set(&ARENA.free[class], block);
    }
}

pub unsafe extern "C" fn realloc(pointer: *mut c_void, size: usize) -> *mut c_void {
    if pointer.is_null() {
        return allocate(size, HEADER).0;
    }
    // SAFETY: the caller's pointer, ours or the service's.
    let old = unsafe { malloc_usable_size(pointer) };
    if owns(pointer as usize) && size <= old && size > old / 2 {
        return pointer;
    }
    let new = allocate(size, HEADER).0;
    if !new.is_null() {
        // SAFETY: both are at least this long and do not overlap.
        unsafe {
            core::ptr::copy_nonoverlapping(pointer.cast::<u8>(), new.cast::<u8>(), old.min(size));
            free(pointer);
        }
    }
    new
}

pub unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, align: usize, size: usize) -> c_int {
    let (pointer, _) = allocate(size, align);
    if pointer.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller's variable.
    unsafe { out.write(pointer) };
    0
}

pub unsafe extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    allocate(size, align).0
}

pub unsafe extern "C" fn malloc_usable_size(pointer: *mut c_void) -> usize {
    let at = pointer as usize;
    if at == 0 {
        return 0;
    }
    // SAFETY: ours has a header; the rest is the service's allocator's.
    unsafe {
        if owns(at) {
            let (class, block) = header(at);
            return block + size_of_class(class) - at;
        }
        let original: UsableSize = core::mem::transmute(USABLE_SIZE.load(Ordering::Relaxed));
        original(pointer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_what_they_are_asked_for() {
        for size in (1..5000).chain([1 << 20, (1 << 20) + 1, (1 << 33) + 7]) {
            let (class, rounded) = class_of(size);
            assert!(rounded >= size && class < CLASSES, "{size}: {class}");
            assert_eq!(size_of_class(class), rounded, "{size}");
            assert!(rounded <= size.max(32) + size / 4 + 16, "{size}: {rounded}");
            assert_eq!(class_of(rounded), (class, rounded));
        }
    }

    #[test]
    fn blocks_are_aligned_apart_and_reused() {
        assert!(open(1 << 30));
        // SAFETY: every pointer is used as the allocator's contract has it.
        unsafe {
            let pointers: Vec<_> = (0..2000_usize).map(|n| (malloc(n * 7), n * 7)).collect();
            for &(p, size) in &pointers {
                assert_eq!(p as usize % 16, 0);
                p.cast::<u8>().write_bytes(0xab, size);
                assert!(malloc_usable_size(p) >= size);
            }
            let last = pointers[1999].0;
            free(last);
            assert_eq!(malloc(1999 * 7), last);
            let mut aligned = core::ptr::null_mut();
            assert_eq!(posix_memalign(&raw mut aligned, 4096, 100), 0);
            assert_eq!(aligned as usize % 4096, 0);
            free(aligned);
            let big = malloc(1 << 20);
            big.cast::<u8>().write_bytes(1, 1 << 20);
            let before = used();
            free(big);
            assert!(used() < before);
            let zeroes = calloc(1 << 10, 1 << 10).cast::<u8>();
            assert!((0..1 << 20).all(|n| *zeroes.add(n) == 0));
            let text = malloc(10).cast::<u8>();
            text.write_bytes(7, 10);
            let longer = realloc(text.cast(), 100_000).cast::<u8>();
            assert!((0..10).all(|n| *longer.add(n) == 7));
            // What is the service's is left alone.
            let theirs = libc::malloc(64);
            remember_originals();
            free(theirs);
            let ours = realloc(theirs, 128);
            assert!(owns(ours as usize) && !owns(theirs as usize));
            libc::free(theirs);
        }
    }
}
