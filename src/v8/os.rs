//! The few calls to the operating system that the standard library lacks.

#[cfg(not(target_os = "linux"))]
use super::symbols::SYMBOLS;
use std::fs::File;
use std::io;
use std::path::Path;

/// Memory of this process in RAM, in bytes; about 8 µs.
pub fn resident_memory() -> Option<u64> {
    // libuv would do, but ends a process that has closed its standard error.
    #[cfg(target_os = "linux")]
    {
        let text = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
        // SAFETY: asks for a constant of the system.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        Some(pages * u64::try_from(page).ok()?)
    }
    #[cfg(not(target_os = "linux"))]
    resident_memory_of_libuv()
}

#[cfg(not(target_os = "linux"))]
fn resident_memory_of_libuv() -> Option<u64> {
    let read = SYMBOLS.resident_set_memory?;
    let mut bytes = 0_usize;
    // SAFETY: libuv writes one word to the pointer it is given.
    let status = unsafe { read(&raw mut bytes) };
    (status == 0).then_some(bytes as u64)
}

/// Asks for the memory behind `room` at once, which costs a fifth less than a fault for each page of it as it is first
/// written. For what will be written all over; what is in it stays. Linux 5.14 and later, elsewhere nothing.
pub fn populate<T>(room: &mut [T]) {
    #[cfg(target_os = "linux")]
    {
        /// Below this there is nothing to gain.
        const LEAST: usize = 1 << 20;
        const PAGE: usize = 4096;
        let start = room.as_ptr().addr();
        let end = start + std::mem::size_of_val(room);
        let (first, end) = (start.next_multiple_of(PAGE), end - end % PAGE);
        if end.saturating_sub(first) < LEAST {
            return;
        }
        let first_page = room.as_mut_ptr().wrapping_byte_add(first - start);
        // SAFETY: the pages lie within `room`, which is borrowed for writing; this changes nothing in them. What a
        // kernel refuses (it is too old, its pages are larger, memory is short) is left to faults.
        unsafe { libc::madvise(first_page.cast(), end - first, libc::MADV_POPULATE_WRITE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = room;
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

/// A new file in `directory` that has no name yet and vanishes with its last
/// descriptor; `None` where the file system or the system has no such thing.
pub fn open_nameless(directory: &Path) -> Option<File> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Naming it later goes through /proc.
        if !Path::new("/proc/self/fd").is_dir() {
            return None;
        }
        std::fs::OpenOptions::new()
            .write(true)
            .mode(0o600)
            .custom_flags(libc::O_TMPFILE)
            .open(directory)
            .ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = directory;
        None
    }
}

/// Gives a file of [`open_nameless`] the name `path`, which must be free.
pub fn name_file(file: &File, path: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use std::ffi::CString;
        use std::os::fd::AsRawFd;
        use std::os::unix::ffi::OsStrExt;
        let from = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        let to = CString::new(path.as_os_str().as_bytes())?;
        // SAFETY: both paths are NUL-terminated and live through the call.
        let status = unsafe {
            libc::linkat(
                libc::AT_FDCWD,
                from.as_ptr(),
                libc::AT_FDCWD,
                to.as_ptr(),
                libc::AT_SYMLINK_FOLLOW,
            )
        };
        if status == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (file, path);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Sets the disk to work on what has been written so far, without waiting.
pub fn start_writeback(file: &File) {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        // SAFETY: the descriptor is open; a length of 0 means up to the end.
        // It is only a hint, so its failure does not matter.
        unsafe { libc::sync_file_range(file.as_raw_fd(), 0, 0, libc::SYNC_FILE_RANGE_WRITE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}
