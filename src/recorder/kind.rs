//! Names for V8's GC types, whose numbers moved between versions.

/// What kind of collection it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GcKind {
    /// Young generation, evacuated: scavenge.
    Minor,
    /// Whole heap: mark-compact.
    Major,
    /// A step of marking in between.
    Incremental,
    /// Second pass of weak callbacks.
    WeakCallbacks,
    /// A number this host gave no name to.
    Other,
}

impl GcKind {
    /// All of them, in the order of [`GcKind::index`].
    pub const ALL: [Self; 5] = [
        Self::Minor,
        Self::Major,
        Self::Incremental,
        Self::WeakCallbacks,
        Self::Other,
    ];

    /// The name in JavaScript: OpenTelemetry's `v8js.gc.type` values, and `other`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Incremental => "incremental",
            Self::WeakCallbacks => "weakcb",
            Self::Other => "other",
        }
    }

    /// A dense number for tables.
    pub fn index(self) -> usize {
        self as usize
    }
}

/// The numbers of this host, as `perf_hooks.constants` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GcNumbers {
    /// `NODE_PERFORMANCE_GC_MINOR`
    pub minor: i32,
    /// `NODE_PERFORMANCE_GC_MAJOR`
    pub major: i32,
    /// `NODE_PERFORMANCE_GC_INCREMENTAL`
    pub incremental: i32,
    /// `NODE_PERFORMANCE_GC_WEAKCB`
    pub weak_callbacks: i32,
}

impl GcNumbers {
    /// The kind behind a raw number.
    pub fn kind(self, raw: i32) -> GcKind {
        match raw {
            n if n == self.minor => GcKind::Minor,
            n if n == self.major => GcKind::Major,
            n if n == self.incremental => GcKind::Incremental,
            n if n == self.weak_callbacks => GcKind::WeakCallbacks,
            // V8's minor mark-sweep (--minor-ms) sits between scavenge and
            // mark-compact; perf_hooks does not name it.
            n if n > self.minor && n < self.major => GcKind::Minor,
            _ => GcKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_old_and_new_hosts() {
        let node12 = GcNumbers {
            minor: 1,
            major: 2,
            incremental: 4,
            weak_callbacks: 8,
        };
        let node22 = GcNumbers {
            minor: 1,
            major: 4,
            incremental: 8,
            weak_callbacks: 16,
        };
        assert_eq!(node12.kind(2), GcKind::Major);
        assert_eq!(node22.kind(2), GcKind::Minor);
        assert_eq!(node22.kind(4), GcKind::Major);
        assert_eq!(node22.kind(64), GcKind::Other);
        for (at, kind) in GcKind::ALL.iter().enumerate() {
            assert_eq!(kind.index(), at);
        }
    }
}
