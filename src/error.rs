//! One error type with stable codes, each saying what to do.

use crate::format::bytes;
use crate::snapshot::SnapshotError;
use serde_json::{Value, json};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Everything that can go wrong between the caller and the file.
#[derive(Debug)]
pub enum Error {
    /// An option or argument has a value leakwatch does not take.
    InvalidArgument {
        /// The option's name as the caller knows it.
        option: &'static str,
        /// What is wrong and what is allowed.
        why: String,
    },
    /// This host or this build cannot do it.
    Unavailable {
        /// The capability, as `capabilities()` names it.
        what: &'static str,
        /// Why, and what to do instead.
        why: String,
    },
    /// The folder of a path does not exist.
    NoDirectory(PathBuf),
    /// The folder or the file cannot be written.
    NotWritable {
        /// The path that was tried.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk filled up while writing.
    DiskFull {
        /// The file that was being written; it has been removed.
        path: PathBuf,
        /// Bytes written before.
        written: u64,
    },
    /// Any other failure of the file system.
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The headroom check found too little memory, in bytes.
    NotEnoughMemory {
        /// The estimate of what the snapshot needs.
        needed: u64,
        /// What is left.
        available: u64,
        /// Who sets the limit: `cgroup` or `system`.
        limited_by: &'static str,
        /// Heap in use, from which the estimate follows.
        heap_used: u64,
    },
    /// The headroom check found too little disk, in bytes.
    NotEnoughDisk {
        /// The estimate of the file's size.
        needed: u64,
        /// What is free.
        available: u64,
        /// It is compressed already.
        compressed: bool,
        /// The folder that was asked.
        directory: PathBuf,
    },
    /// The caller gave up.
    Aborted,
    /// A snapshot is being taken already in this isolate.
    Busy,
    /// V8 returned no snapshot.
    SnapshotFailed(&'static str),
    /// No copy of the process came to its end.
    ForkFailed {
        /// Copies that were tried.
        attempts: u32,
        /// What became of the last one.
        why: String,
    },
    /// A copy of the process took too long.
    TimedOut {
        /// The limit.
        after: std::time::Duration,
    },
    /// A capture could not be analysed, or an earlier one not be read.
    Analysis(SnapshotError),
}

impl Error {
    /// The stable code that callers match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArgument { .. } => "ERR_LEAKWATCH_INVALID_ARGUMENT",
            Self::Unavailable { .. } => "ERR_LEAKWATCH_UNAVAILABLE",
            Self::NoDirectory(_) => "ERR_LEAKWATCH_NO_DIRECTORY",
            Self::NotWritable { .. } => "ERR_LEAKWATCH_NOT_WRITABLE",
            Self::DiskFull { .. } => "ERR_LEAKWATCH_DISK_FULL",
            Self::Io { .. } => "ERR_LEAKWATCH_IO",
            Self::NotEnoughMemory { .. } => "ERR_LEAKWATCH_NOT_ENOUGH_MEMORY",
            Self::NotEnoughDisk { .. } => "ERR_LEAKWATCH_NOT_ENOUGH_DISK",
            Self::Aborted => "ERR_LEAKWATCH_ABORTED",
            Self::Busy => "ERR_LEAKWATCH_BUSY",
            Self::SnapshotFailed(_) => "ERR_LEAKWATCH_SNAPSHOT_FAILED",
            Self::ForkFailed { .. } => "ERR_LEAKWATCH_FORK_FAILED",
            Self::TimedOut { .. } => "ERR_LEAKWATCH_TIMED_OUT",
            Self::Analysis(error) => error.code(),
        }
    }

    /// The numbers and paths of the message, for programs.
    pub fn details(&self) -> Value {
        match self {
            Self::InvalidArgument { option, .. } => json!({ "option": option }),
            Self::Unavailable { what, .. } => json!({ "capability": what }),
            Self::NoDirectory(path) => json!({ "path": path }),
            Self::NotWritable { path, source } | Self::Io { path, source, .. } => {
                json!({ "path": path, "errno": source.raw_os_error() })
            }
            Self::DiskFull { path, written } => json!({ "path": path, "written": written }),
            Self::NotEnoughMemory {
                needed,
                available,
                limited_by,
                heap_used,
            } => json!({
                "needed": needed, "available": available,
                "limitedBy": limited_by, "heapUsed": heap_used,
            }),
            Self::NotEnoughDisk {
                needed,
                available,
                directory,
                ..
            } => json!({ "needed": needed, "available": available, "path": directory }),
            Self::ForkFailed { attempts, why } => json!({ "attempts": attempts, "reason": why }),
            Self::TimedOut { after } => json!({ "timeout": after.as_millis() as u64 }),
            Self::Aborted | Self::Busy | Self::SnapshotFailed(_) | Self::Analysis(_) => json!({}),
        }
    }

    /// Sorts an I/O error by what the caller can do about it.
    pub fn from_io(doing: &'static str, path: &Path, written: u64, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, written }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { path, source }
            }
            io::ErrorKind::NotFound => {
                Self::NoDirectory(path.parent().map_or(path.clone(), Path::to_path_buf))
            }
            _ => Self::Io {
                doing,
                path,
                source,
            },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidArgument { option, why } => write!(f, "{option}: {why}"),
            Self::Unavailable { what, why } => write!(f, "{what} is not available: {why}"),
            Self::NoDirectory(path) if path.as_os_str().is_empty() => write!(
                f,
                "the working directory has been removed; change to one that is there, or name a \
                 directory by its full path"
            ),
            Self::NoDirectory(path) => write!(
                f,
                "no such directory: {}; create it first or choose another path",
                path.display()
            ),
            Self::NotWritable { path, source } => write!(
                f,
                "cannot write {}: {source}; check the permissions of its directory",
                path.display()
            ),
            Self::DiskFull { path, written } => write!(
                f,
                "the disk is full after {} of {}; nothing was left behind: free some space, \
                 {}or choose another directory",
                bytes(*written),
                path.display(),
                advice(is_compressed(path))
            ),
            Self::Io {
                doing,
                path,
                source,
            } => write!(f, "{doing} {} failed: {source}", path.display()),
            Self::NotEnoughMemory {
                needed,
                available,
                limited_by,
                heap_used,
            } => write!(
                f,
                "a snapshot of {} of heap needs about {} of memory on top and the {limited_by} \
                 leaves {}; capture earlier, raise the limit, or pass force: true at the risk of \
                 the process being killed",
                bytes(*heap_used),
                bytes(*needed),
                bytes(*available)
            ),
            Self::NotEnoughDisk {
                needed,
                available,
                compressed,
                directory,
            } => write!(
                f,
                "the snapshot is expected to take {} and {} has {} free; free some space, \
                 {}choose another directory, or pass force: true",
                bytes(*needed),
                directory.display(),
                bytes(*available),
                advice(*compressed)
            ),
            Self::Aborted => write!(f, "aborted by the caller; nothing was left behind"),
            Self::Busy => write!(
                f,
                "a snapshot is already being taken in this isolate; wait for it to end"
            ),
            Self::SnapshotFailed(why) => write!(f, "V8 gave no snapshot: {why}"),
            Self::ForkFailed { attempts, why } => write!(
                f,
                "none of {attempts} copies of the process took the snapshot; the last: {why}; \
                 try again, or use mode: 'inline'"
            ),
            Self::Analysis(error) => write!(f, "{error}"),
            Self::TimedOut { after } => write!(
                f,
                "no snapshot within {} ms; nothing was left behind: raise timeout, or lower \
                 niceness if the machine is always busy",
                after.as_millis()
            ),
        }
    }
}

fn is_compressed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "gz" || extension == "zst")
}

/// For whoever could have it smaller.
fn advice(compressed: bool) -> &'static str {
    if compressed {
        ""
    } else {
        "use compress: 'gzip', "
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotWritable { source, .. } | Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_missing_folder() {
        let path = Path::new("/somewhere/a.heapsnapshot");
        let of = |kind: io::ErrorKind| Error::from_io("writing", path, 7, kind.into()).code();
        assert_eq!(of(io::ErrorKind::StorageFull), "ERR_LEAKWATCH_DISK_FULL");
        assert_eq!(of(io::ErrorKind::NotFound), "ERR_LEAKWATCH_NO_DIRECTORY");
        assert_eq!(
            of(io::ErrorKind::PermissionDenied),
            "ERR_LEAKWATCH_NOT_WRITABLE"
        );
        assert_eq!(of(io::ErrorKind::Other), "ERR_LEAKWATCH_IO");
    }

    #[test]
    fn only_what_is_not_compressed_could_be() {
        for (name, could) in [("a", true), ("a.gz", false), ("a.zst", false)] {
            let full = io::ErrorKind::StorageFull.into();
            let text = Error::from_io("writing", Path::new(name), 7, full).to_string();
            assert_eq!(text.contains("gzip"), could, "{text}");
        }
    }
}
