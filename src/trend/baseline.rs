//! One measurement after a full garbage collection.

/// What was in use right after one full garbage collection. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Baseline {
    /// Number of this baseline since watching began, from 0.
    pub index: u64,
    /// The caller's name for it, as given to `tick(label)`.
    pub label: Option<Box<str>>,
    /// When it was taken: epoch milliseconds that advance with a monotonic clock.
    pub time_ms: f64,
    /// Bytes in use on the JavaScript heap.
    pub heap_used: u64,
    /// Bytes of `heap_used` that are compiled machine code, where V8 tells.
    pub code: Option<u64>,
    /// Bytes held outside the heap by objects on it, as V8 counts them.
    pub external: u64,
    /// Bytes in `ArrayBuffer`s, Node's `Buffer`s among them, where the host tells.
    pub array_buffers: Option<u64>,
    /// Resident set size of the process in bytes.
    pub rss: u64,
    /// Native contexts alive (the main one, and one for each `vm` context), where V8 tells.
    pub native_contexts: Option<u64>,
    /// Contexts detached and not yet collected, where V8 tells.
    pub detached_contexts: Option<u64>,
    /// Bytes in use by global handles, where V8 tells.
    pub global_handles: Option<u64>,
    /// How long the collection took in milliseconds.
    pub gc_ms: f64,
    /// Whether the collection was asked for (`tick()`), and so left no floating garbage.
    pub forced: bool,
}

impl Baseline {
    /// The floor of two neighbours: the smaller value of each field, at the index and time of the later one.
    ///
    /// What a process holds is at most what it held at its emptiest, so a minimum keeps the leak and drops the rest.
    #[must_use]
    pub fn floor_with(&self, later: &Self) -> Self {
        Self {
            index: later.index,
            label: None,
            time_ms: later.time_ms,
            heap_used: self.heap_used.min(later.heap_used),
            code: least(self.code, later.code),
            external: self.external.min(later.external),
            array_buffers: least(self.array_buffers, later.array_buffers),
            rss: self.rss.min(later.rss),
            native_contexts: least(self.native_contexts, later.native_contexts),
            detached_contexts: least(self.detached_contexts, later.detached_contexts),
            global_handles: least(self.global_handles, later.global_handles),
            gc_ms: self.gc_ms.min(later.gc_ms),
            forced: self.forced && later.forced,
        }
    }
}

/// The smaller of two values that may be unknown; unknown when either is.
fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.zip(b).map(|(a, b)| a.min(b))
}
