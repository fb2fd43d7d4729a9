//! What can go wrong between a file and its meaning: one enum, stable codes.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a snapshot could not be analysed. Offsets are bytes from the start of the (decompressed) data.
#[derive(Debug)]
pub enum SnapshotError {
    /// The file could not be opened, read or written.
    Io {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The data ends before the snapshot does: a killed process, a full disk, an interrupted copy.
    Truncated {
        /// Where the data ends.
        at: u64,
        /// What should have followed.
        expected: String,
    },
    /// The data is a heap snapshot, but contradicts itself or JSON.
    Corrupt {
        /// The offending byte.
        at: u64,
        /// What is wrong there.
        what: String,
    },
    /// The data is no V8 heap snapshot at all.
    Foreign {
        /// The first byte that does not fit.
        at: u64,
        /// What was found instead.
        what: String,
    },
    /// The snapshot exceeds what 32-bit indices can hold, or a compressed file expands beyond its bound.
    TooLarge {
        /// Which bound was exceeded.
        what: String,
    },
    /// One of the above, in this file.
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<SnapshotError>,
    },
    /// The progress callback asked to stop.
    Aborted,
    /// Too few files, or options that contradict each other.
    Usage {
        /// What was asked for, and what is possible.
        what: String,
    },
}

impl SnapshotError {
    /// The stable code which callers match on.
    pub fn code(&self) -> &'static str {
        match self {
            SnapshotError::Io { .. } => "ERR_LEAKWATCH_SNAPSHOT_IO",
            SnapshotError::Truncated { .. } => "ERR_LEAKWATCH_SNAPSHOT_TRUNCATED",
            SnapshotError::Corrupt { .. } => "ERR_LEAKWATCH_SNAPSHOT_CORRUPT",
            SnapshotError::Foreign { .. } => "ERR_LEAKWATCH_SNAPSHOT_FOREIGN",
            SnapshotError::TooLarge { .. } => "ERR_LEAKWATCH_SNAPSHOT_TOO_LARGE",
            SnapshotError::InFile { error, .. } => error.code(),
            SnapshotError::Aborted => "ERR_LEAKWATCH_ABORTED",
            SnapshotError::Usage { .. } => "ERR_LEAKWATCH_USAGE",
        }
    }

    pub(crate) fn io(path: impl Into<PathBuf>, source: io::Error) -> SnapshotError {
        SnapshotError::Io {
            path: path.into(),
            source,
        }
    }

    /// Names the file, where the error does not.
    pub(crate) fn of(self, path: &Path) -> SnapshotError {
        match self {
            named @ (SnapshotError::Io { .. }
            | SnapshotError::InFile { .. }
            | SnapshotError::Aborted
            | SnapshotError::Usage { .. }) => named,
            error => SnapshotError::InFile {
                path: path.to_owned(),
                error: Box::new(error),
            },
        }
    }

    pub(crate) fn corrupt(at: u64, what: impl Into<String>) -> SnapshotError {
        SnapshotError::Corrupt {
            at,
            what: what.into(),
        }
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotError::Io { path, source } => write!(f, "{}: {source}", path.display()),
            SnapshotError::Truncated { at, expected } => {
                write!(
                    f,
                    "the snapshot ends at byte {at}, where {expected} should follow; it was not written to its end"
                )
            }
            SnapshotError::Corrupt { at, what } => {
                write!(f, "the snapshot is damaged at byte {at}: {what}")
            }
            SnapshotError::Foreign { at, what } => {
                write!(f, "not a V8 heap snapshot (byte {at}): {what}")
            }
            SnapshotError::TooLarge { what } => write!(f, "the snapshot is too large: {what}"),
            SnapshotError::InFile { path, error } => write!(f, "{}: {error}", path.display()),
            SnapshotError::Aborted => f.write_str("the analysis was aborted"),
            SnapshotError::Usage { what } => f.write_str(what),
        }
    }
}

impl std::error::Error for SnapshotError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SnapshotError::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
