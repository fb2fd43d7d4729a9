//! Bytes in: a file, a compressed file, standard input or memory, read front to back in pieces.
//!
//! Files are not mapped: somebody may truncate one while it is read, which would end the process that analyses it
//! (SIGBUS), and copying a window of the page cache costs about 0.1 s/GB.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::snapshot::SnapshotError;

/// The most bytes a compressed file may expand to, per compressed byte: deflate cannot exceed 1032, and snapshots
/// reach 5 to 25. A hostile zstd frame could claim far more.
const MAX_EXPANSION: u64 = 1032;

/// A floor for the bound above, so that tiny fixtures are not refused.
const MIN_EXPANDED: u64 = 64 << 20;

/// A snapshot's bytes, decompressed, from the first to the last.
pub struct Input {
    stream: Stream,
    path: PathBuf,
    /// Bytes in all, where that is known before the end.
    length: Option<u64>,
    /// Bytes read so far.
    at: u64,
    /// More than this is refused.
    bound: u64,
}

enum Stream {
    /// A plain file, which more than one thread may read, each at its own place.
    File(Arc<File>),
    Other(Box<dyn Read + Send>),
}

impl Input {
    /// Opens `path`: plain, gzip or zstd by content, not by name; `-` is standard input.
    pub fn open(path: &Path) -> Result<Input, SnapshotError> {
        let fail = |source| SnapshotError::io(path, source);
        if path == Path::new("-") {
            return Input::decompressed(Box::new(io::stdin()), path, u64::MAX);
        }
        let mut file = File::open(path).map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        if !metadata.is_file() {
            return Input::decompressed(Box::new(file), path, u64::MAX);
        }
        let mut magic = [0; 4];
        let count = read_up_to(&mut file, &mut magic).map_err(fail)?;
        if Compression::detect(&magic[..count]).is_some() {
            let file = File::open(path).map_err(fail)?;
            let bound = (metadata.len().saturating_mul(MAX_EXPANSION)).max(MIN_EXPANDED);
            return Input::decompressed(Box::new(file), path, bound);
        }
        Ok(Input {
            stream: Stream::File(Arc::new(file)),
            path: path.to_owned(),
            length: Some(metadata.len()),
            at: 0,
            bound: u64::MAX,
        })
    }

    /// A stream that may be compressed. `path` names it in errors.
    pub fn from_stream(
        stream: impl Read + Send + 'static,
        path: &Path,
    ) -> Result<Input, SnapshotError> {
        Input::decompressed(Box::new(stream), path, u64::MAX)
    }

    /// A stream that is not compressed. `path` names it in errors.
    pub fn plain(stream: Box<dyn Read + Send>, path: &Path) -> Input {
        Input {
            stream: Stream::Other(stream),
            path: path.to_owned(),
            length: None,
            at: 0,
            bound: u64::MAX,
        }
    }

    /// A snapshot that is in memory.
    pub fn from_bytes(bytes: Vec<u8>) -> Input {
        Input {
            length: Some(bytes.len() as u64),
            stream: Stream::Other(Box::new(io::Cursor::new(bytes))),
            path: "-".into(),
            at: 0,
            bound: u64::MAX,
        }
    }

    fn decompressed(
        mut stream: Box<dyn Read + Send>,
        path: &Path,
        bound: u64,
    ) -> Result<Input, SnapshotError> {
        let fail = |source| SnapshotError::io(path, source);
        let mut magic = [0; 4];
        let count = read_up_to(&mut stream, &mut magic).map_err(fail)?;
        let head = io::Cursor::new(magic).take(count as u64);
        let stream = head.chain(stream);
        let stream: Box<dyn Read + Send> = match Compression::detect(&magic[..count]) {
            None => Box::new(stream),
            Some(Compression::Gzip) => Box::new(flate2::read::MultiGzDecoder::new(stream)),
            Some(Compression::Zstd) => Box::new(zstd::Decoder::new(stream).map_err(fail)?),
        };
        Ok(Input {
            stream: Stream::Other(stream),
            path: path.to_owned(),
            length: None,
            at: 0,
            bound,
        })
    }

    /// Bytes in all, where that is known before the end.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// The same file at byte `at`, to be read beside this; `None` for a stream.
    pub(crate) fn beside(&self, at: u64) -> Option<Input> {
        let Stream::File(file) = &self.stream else {
            return None;
        };
        Some(Input {
            stream: Stream::File(file.clone()),
            path: self.path.clone(),
            length: self.length,
            at,
            bound: self.bound,
        })
    }

    /// The next bytes, as many as there is room for; fewer at the end alone, where it is 0 at last.
    pub(crate) fn fill(&mut self, room: &mut [u8]) -> Result<usize, SnapshotError> {
        let mut count = 0;
        while count < room.len() {
            let more = match &mut self.stream {
                Stream::File(file) => read_at(file, &mut room[count..], self.at),
                Stream::Other(stream) => stream.read(&mut room[count..]),
            };
            match more {
                Ok(0) => break,
                Ok(more) => {
                    count += more;
                    self.at += more as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failure(error)),
            }
        }
        if self.at >= self.bound {
            return Err(SnapshotError::TooLarge {
                what: format!(
                    "the compressed file expands to more than {} bytes",
                    self.bound
                ),
            });
        }
        Ok(count)
    }

    fn failure(&self, error: io::Error) -> SnapshotError {
        let broken = matches!(
            error.kind(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other
        );
        match (&self.stream, error.kind()) {
            (Stream::Other(_), io::ErrorKind::UnexpectedEof) => SnapshotError::Truncated {
                at: self.at,
                expected: "the rest of the compressed data".into(),
            },
            (Stream::Other(_), _) if broken => SnapshotError::Corrupt {
                at: self.at,
                what: format!("the compressed data cannot be read on: {error}"),
            },
            _ => SnapshotError::io(&self.path, error),
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, room: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, room, at)
}

#[cfg(windows)]
fn read_at(file: &File, room: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, room, at)
}

#[derive(Clone, Copy)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    fn detect(head: &[u8]) -> Option<Compression> {
        match head {
            [0x1f, 0x8b, ..] => Some(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd] => Some(Compression::Zstd),
            _ => None,
        }
    }
}

fn read_up_to(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match stream.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}
