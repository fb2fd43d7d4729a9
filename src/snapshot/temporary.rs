//! Files that are whole under their name, or not there.

use super::target;
use super::writer::Written;
use crate::error::Error;
use crate::v8::os;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that is gone unless it is kept.
///
/// Where the file system can, it has no name until it is whole, so that not even
/// SIGKILL leaves anything; elsewhere it has a hidden name and is removed. It is
/// locked for as long as its writer lives: what is left of a dead one is known
/// by that, in whichever container or on whichever machine it ran.
pub(crate) struct Temporary {
    target: PathBuf,
    path: PathBuf,
    file: Option<File>,
    named: bool,
    /// Of a name that leakwatch chose another one will do if it is taken.
    may_renumber: bool,
}

impl Temporary {
    /// For exactly this path, whatever is there.
    pub(crate) fn replacing(target: &Path) -> Result<Self, Error> {
        let mut temporary = Self::create(target)?;
        temporary.may_renumber = false;
        Ok(temporary)
    }

    /// For this path, or one of the same kind if leakwatch made its name and it is taken.
    pub(crate) fn create(target: &Path) -> Result<Self, Error> {
        if target.file_name().is_none() || target.is_dir() {
            return Err(Error::InvalidArgument {
                option: "path",
                why: format!("{} names no file", target.display()),
            });
        }
        let nameless = os::open_nameless(directory_of(target));
        let named = nameless.is_none();
        let (path, file) = match nameless {
            Some(file) => {
                // Where there are no locks, nothing is taken for abandoned either.
                let _ = file.try_lock();
                (hidden(target), file)
            }
            None => open_hidden(target)
                .map_err(|source| Error::from_io("creating", target, 0, source))?,
        };
        Ok(Self {
            target: target.to_path_buf(),
            path,
            file: Some(file),
            named,
            may_renumber: target::is_generated(target),
        })
    }

    pub(crate) fn take_file(&mut self) -> Result<File, Error> {
        self.file
            .take()
            .ok_or(Error::SnapshotFailed("the file was taken twice"))
    }

    /// Where it will be, as it was asked for.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Gives the file its name, once it is whole.
    pub(crate) fn keep(&mut self, file: &File, bytes: u64) -> Result<Written, Error> {
        if let Err(source) = self.take_name(file) {
            return Err(Error::from_io("renaming to", &self.target, bytes, source));
        }
        self.sync_directory();
        Ok(Written {
            path: self.target.clone(),
            bytes,
        })
    }

    fn take_name(&mut self, file: &File) -> io::Result<()> {
        while !self.named {
            match os::name_file(file, &self.path) {
                Err(error) if is_taken(&error) => self.path = hidden(&self.target),
                named => {
                    named?;
                    self.named = true;
                }
            }
        }
        // Two containers, or two loads of the library in one process, may come to
        // one name in the same millisecond.
        while self.may_renumber {
            match fs::hard_link(&self.path, &self.target) {
                // `drop` removes the hidden name.
                Ok(()) => return Ok(()),
                Err(error) if is_taken(&error) || self.target.exists() => {
                    self.target = target::renumbered(&self.target);
                }
                // A file system without links.
                Err(_) => break,
            }
        }
        fs::rename(&self.path, &self.target)?;
        self.named = false;
        Ok(())
    }

    /// Makes the new name survive a power cut where the file system allows it.
    fn sync_directory(&self) {
        if cfg!(unix)
            && let Ok(directory) = File::open(directory_of(&self.target))
        {
            // Not every file system takes it; the file itself is on disk.
            let _ = directory.sync_all();
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.named {
            // Nothing can be done about a file that will not go.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Beside the target, without its name, which may be as long as names can be.
fn hidden(target: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    target.with_file_name(format!(".leakwatch-{}-{number}.tmp", std::process::id()))
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists
}

fn open_hidden(target: &Path) -> io::Result<(PathBuf, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A snapshot holds every string of the program.
        options.mode(0o600);
    }
    loop {
        let path = hidden(target);
        match options.open(&path) {
            // Of another container's process 1, or of one that was killed.
            Err(error) if is_taken(&error) => {}
            // Between being made and being locked it looked abandoned.
            Ok(file) if is_held_by_another(&file) || is_removed(&file) => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
}

/// Locks the file unless somebody has; whether somebody has.
fn is_held_by_another(file: &File) -> bool {
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

fn is_removed(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}

/// Removes a hidden file whose writer has died; whether it did.
pub fn remove_abandoned(path: &Path) -> bool {
    // Some file systems lock for writing only what is opened for it.
    let opened = OpenOptions::new().write(true).open(path);
    opened.is_ok_and(|file| file.try_lock().is_ok() && fs::remove_file(path).is_ok())
}

/// The folder a file is in; a bare name is in the working directory.
pub fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
