//! The few calls to the operating system that the standard library lacks.

use super::symbols::SYMBOLS;
use std::path::Path;

/// Memory of this process in RAM, in bytes; libuv's own reading, about 8 µs.
pub fn resident_memory() -> Option<u64> {
    let read = SYMBOLS.resident_set_memory?;
    let mut bytes = 0_usize;
    // SAFETY: libuv writes one word to the pointer it is given.
    let status = unsafe { read(&raw mut bytes) };
    (status == 0).then_some(bytes as u64)
}

/// Bytes an unprivileged writer may still use on the file system of `path`.
pub fn free_disk(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        use std::ffi::CString;
        use std::os::unix::ffi::OsStrExt;
        let path = CString::new(path.as_os_str().as_bytes()).ok()?;
        // SAFETY: statvfs is plain numbers, for which zeroes are valid.
        let mut stat: libc::statvfs = unsafe { core::mem::zeroed() };
        // SAFETY: the path is NUL-terminated and `stat` is writable.
        let status = unsafe { libc::statvfs(path.as_ptr(), &raw mut stat) };
        (status == 0).then(|| (stat.f_bavail as u64).saturating_mul(stat.f_frsize as u64))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
