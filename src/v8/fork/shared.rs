//! Where a copy stands, in memory that both processes see.

use std::io;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// What a copy is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Phase {
    /// Getting itself ready.
    Start,
    /// V8 builds its graph.
    Build,
    /// It is written.
    Write,
    /// It is analysed.
    Analyse,
}

/// The figures; each is a word, so none is ever seen half written.
#[derive(Default)]
#[repr(C)]
pub struct Figures {
    phase: AtomicU32,
    done: AtomicU32,
    total: AtomicU32,
    beats: AtomicU32,
    nodes: AtomicU64,
    memory: AtomicU64,
}

/// A page of them, shared with the copies forked while it lives.
pub struct Progress(*mut Figures);

// SAFETY: the page holds nothing but atomics.
unsafe impl Send for Progress {}
// SAFETY: as above.
unsafe impl Sync for Progress {}

const PAGE: usize = 4096;

impl Progress {
    /// A page of zeroes.
    pub fn new() -> io::Result<Self> {
        // SAFETY: new memory at a place of the kernel's choice.
        let page = unsafe {
            libc::mmap(
                core::ptr::null_mut(),
                PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if page == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(page.cast()))
    }
}

impl Deref for Progress {
    type Target = Figures;

    fn deref(&self) -> &Figures {
        // SAFETY: mapped for as long as this value lives; zeroes are a valid value.
        unsafe { &*self.0 }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // SAFETY: mapped in `new`, and nobody can hold a reference any more.
        unsafe { libc::munmap(self.0.cast(), PAGE) };
    }
}

impl Figures {
    /// A sign of life.
    pub fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// How many signs of life there have been.
    pub fn beats(&self) -> u32 {
        self.beats.load(Ordering::Relaxed)
    }

    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u32, Ordering::Relaxed);
        self.beat();
    }

    /// The phase it is in.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Start,
            1 => Phase::Build,
            2 => Phase::Write,
            _ => Phase::Analyse,
        }
    }

    /// Objects V8 has done, of how many.
    pub fn build(&self, done: u32, total: u32) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// As given to [`Figures::build`].
    pub fn built(&self) -> (u32, u32) {
        (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        )
    }

    /// Says how large the graph is.
    pub fn set_nodes(&self, nodes: u64) {
        self.nodes.store(nodes, Ordering::Relaxed);
    }

    /// Nodes of the graph, once it is built.
    pub fn nodes(&self) -> u64 {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Says how much memory it took on top, in bytes.
    pub(super) fn set_memory(&self, bytes: u64) {
        self.memory.store(bytes, Ordering::Relaxed);
    }

    /// Memory it took on top so far, in bytes.
    pub fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }
}
