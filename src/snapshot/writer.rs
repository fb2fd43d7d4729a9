//! Bytes in, a whole file or none out.
//!
//! The isolate hands over chunks; a thread of their own compresses and writes
//! them to a temporary file beside the target, which gets its name only once it
//! is whole and on disk. Whatever goes wrong, the temporary file is removed.

use super::redact::stage::Redactor;
use super::target::Compression;
use super::temporary::Temporary;
use crate::error::Error;
use crate::v8::os;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Chunks (1 MiB each) that may wait for the thread: enough to ride out a slow
/// moment of the disk, little enough not to matter beside the snapshot itself.
const QUEUE: usize = 32;
/// A level of 1 keeps up with V8's serialiser, which makes 150–220 MB/s.
const LEVEL: u32 = 1;

/// Bytes after which the disk is set to work: fsync at the end then finds little
/// left to do.
const WRITEBACK: u64 = 8 << 20;

/// Why a file was not written rather than written with its secrets.
const NOT_UNDERSTOOD: &str = "its text is not in the order leakwatch knows, so that secrets could not be left out of it; \
     write it without redact, and please report this version of Node";

/// A finished file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// Its size on disk.
    pub bytes: u64,
}

/// Gives a file up: `finish` then returns [`Error::Aborted`] and nothing is left.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Too late once the file has its name.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A snapshot file in the making; dropping it gives it up.
pub struct Writer {
    sender: Option<SyncSender<Vec<u8>>>,
    /// Buffers the thread is done with: new ones would go through an allocator
    /// that V8's graph has just filled with millions of small pieces.
    used: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<Result<Written, Error>>>,
    cancelled: Arc<AtomicBool>,
}

impl Writer {
    /// Opens the temporary file beside `path` and starts the thread. A folder
    /// that is missing or cannot be written is found out here, before V8 has
    /// built anything.
    pub fn create(path: &Path, compression: Compression) -> Result<Self, Error> {
        Self::open(path, compression, false)
    }

    /// The same, and no text of strings reaches the file.
    pub fn redacting(path: &Path, compression: Compression) -> Result<Self, Error> {
        Self::open(path, compression, true)
    }

    fn open(path: &Path, compression: Compression, redact: bool) -> Result<Self, Error> {
        let temporary = Temporary::create(path)?;
        let (sender, receiver) = sync_channel(QUEUE);
        let (give_back, used) = sync_channel(QUEUE);
        let cancelled = Arc::new(AtomicBool::new(false));
        let job = Job {
            temporary,
            receiver,
            give_back,
            cancelled: Arc::clone(&cancelled),
            redact,
        };
        let thread = Builder::new()
            .name("leakwatch-write".into())
            .spawn(move || job.run(compression))
            .map_err(|source| Error::Io {
                doing: "starting the writing thread for",
                path: path.to_path_buf(),
                source,
            })?;
        Ok(Self {
            sender: Some(sender),
            used,
            thread: Some(thread),
            cancelled,
        })
    }

    /// Hands over a chunk; waits if the disk is far behind. False once the
    /// thread has failed: `finish` then says why.
    pub fn write(&self, chunk: &[u8]) -> bool {
        let mut buffer = self.used.try_recv().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(chunk);
        self.sender
            .as_ref()
            .is_some_and(|sender| sender.send(buffer).is_ok())
    }

    /// Waits until the file is whole, on disk and has its name.
    pub fn finish(mut self) -> Result<Written, Error> {
        self.sender = None;
        self.join()
    }

    /// What gives the file up from elsewhere, also while it is waited for.
    pub fn cancel_handle(&self) -> Cancel {
        Cancel(Arc::clone(&self.cancelled))
    }

    fn cancel(&mut self) {
        self.cancelled.store(true, Ordering::Release);
        self.sender = None;
        // The result is an error or a file nobody wants; both are dealt with.
        let _ = self.join();
    }

    fn join(&mut self) -> Result<Written, Error> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) | None => Err(Error::SnapshotFailed("the writing thread died")),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.cancel();
        }
    }
}

struct Job {
    temporary: Temporary,
    receiver: Receiver<Vec<u8>>,
    give_back: SyncSender<Vec<u8>>,
    cancelled: Arc<AtomicBool>,
    redact: bool,
}

impl Job {
    fn run(mut self, compression: Compression) -> Result<Written, Error> {
        let file = self.temporary.take_file()?;
        let written = Arc::new(AtomicU64::new(0));
        let counting = Counting {
            file,
            written: Arc::clone(&written),
        };
        let fail = |source: io::Error| {
            if source.kind() == io::ErrorKind::InvalidData {
                return Error::SnapshotFailed(NOT_UNDERSTOOD);
            }
            let bytes = written.load(Ordering::Relaxed);
            Error::from_io("writing", self.temporary.target(), bytes, source)
        };
        let written_file = match compression {
            Compression::None => {
                let mut counting = counting;
                self.pump(&mut counting).map_err(fail)?;
                counting
            }
            Compression::Gzip => {
                let buffered = BufWriter::with_capacity(1 << 18, counting);
                let level = flate2::Compression::new(LEVEL);
                let mut encoder = flate2::write::GzEncoder::new(buffered, level);
                self.pump(&mut encoder).map_err(fail)?;
                let buffered = encoder.finish().map_err(fail)?;
                buffered.into_inner().map_err(|e| fail(e.into_error()))?
            }
            Compression::Zstd => {
                let buffered = BufWriter::with_capacity(1 << 18, counting);
                let mut encoder =
                    zstd::stream::write::Encoder::new(buffered, LEVEL as i32).map_err(fail)?;
                encoder.include_checksum(true).map_err(fail)?;
                self.pump(&mut encoder).map_err(fail)?;
                let buffered = encoder.finish().map_err(fail)?;
                buffered.into_inner().map_err(|e| fail(e.into_error()))?
            }
        };
        let file = written_file.file;
        if self.is_cancelled() {
            return Err(Error::Aborted);
        }
        file.sync_all().map_err(fail)?;
        if self.is_cancelled() {
            return Err(Error::Aborted);
        }
        self.temporary.keep(&file, written.load(Ordering::Relaxed))
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    fn pump(&self, to: &mut dyn Write) -> io::Result<()> {
        if !self.redact {
            return self.pass(to);
        }
        let mut redactor = Redactor::new(to, false, 0);
        self.pass(&mut redactor)?;
        if self.is_cancelled() {
            // `run` looks again and says so; the file is given up.
            return Ok(());
        }
        match redactor.finish() {
            Ok(_) => Ok(()),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }

    fn pass(&self, to: &mut dyn Write) -> io::Result<()> {
        while let Ok(chunk) = self.receiver.recv() {
            if self.is_cancelled() {
                // `run` looks again and says so.
                break;
            }
            to.write_all(&chunk)?;
            // One too many is simply freed.
            let _ = self.give_back.try_send(chunk);
        }
        Ok(())
    }
}

struct Counting {
    file: File,
    written: Arc<AtomicU64>,
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.file.write(bytes)?;
        let before = self.written.fetch_add(len as u64, Ordering::Relaxed);
        if (before + len as u64) / WRITEBACK > before / WRITEBACK {
            os::start_writeback(&self.file);
        }
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
