//! Bytes in: a mapped file, or a decompressed stream held in memory.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;

use crate::snapshot::SnapshotError;
use crate::v8::mmap::FileMap;

/// The most bytes a compressed file may expand to, per compressed byte: deflate cannot exceed 1032, and snapshots
/// reach 5 to 25. A hostile zstd frame could claim far more.
const MAX_EXPANSION: u64 = 1032;

/// A floor for the bound above, so that tiny fixtures are not refused.
const MIN_EXPANDED: u64 = 64 << 20;

/// The whole snapshot as one slice of bytes.
pub enum Source {
    /// A file mapped into memory; its pages can be given back once parsed.
    Mapped(FileMap),
    /// Decompressed data, standard input, or bytes a test made.
    Memory(Vec<u8>),
}

impl Source {
    /// Opens `path`: plain, gzip or zstd by content, not by name; `-` is standard input.
    pub fn open(path: &Path) -> Result<Source, SnapshotError> {
        let fail = |source| SnapshotError::io(path, source);
        if path == Path::new("-") {
            return Source::from_stream(io::stdin().lock(), path);
        }
        let mut file = File::open(path).map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        if !metadata.is_file() {
            return Source::from_stream(file, path);
        }
        if metadata.len() == 0 {
            return Err(SnapshotError::Truncated {
                at: 0,
                expected: "a snapshot".into(),
            });
        }
        let mut magic = [0; 4];
        let count = read_up_to(&mut file, &mut magic).map_err(fail)?;
        if Compression::detect(&magic[..count]).is_some() {
            let file = File::open(path).map_err(fail)?;
            let bound = (metadata.len().saturating_mul(MAX_EXPANSION)).max(MIN_EXPANDED);
            return Source::from_stream_bounded(file, path, bound);
        }
        match FileMap::new(&file) {
            Ok(map) => Ok(Source::Mapped(map)),
            // Some file systems cannot map; they can be read.
            Err(_) => {
                let file = File::open(path).map_err(fail)?;
                Source::from_stream(file, path)
            }
        }
    }

    /// Reads a stream to its end, decompressing gzip and zstd. `path` names it in errors.
    pub fn from_stream(stream: impl Read, path: &Path) -> Result<Source, SnapshotError> {
        Source::from_stream_bounded(stream, path, u64::MAX)
    }

    fn from_stream_bounded(
        mut stream: impl Read,
        path: &Path,
        bound: u64,
    ) -> Result<Source, SnapshotError> {
        let fail = |source| SnapshotError::io(path, source);
        let mut magic = [0; 4];
        let count = read_up_to(&mut stream, &mut magic).map_err(fail)?;
        let head = &magic[..count];
        let stream = head.chain(stream);
        let mut bytes = Vec::new();
        let result = match Compression::detect(head) {
            None => stream.take(bound).read_to_end(&mut bytes),
            Some(Compression::Gzip) => flate2::read::MultiGzDecoder::new(stream)
                .take(bound)
                .read_to_end(&mut bytes),
            Some(Compression::Zstd) => zstd::Decoder::new(stream)
                .and_then(|decoder| decoder.take(bound).read_to_end(&mut bytes)),
        };
        if let Err(error) = result {
            return Err(match error.kind() {
                io::ErrorKind::UnexpectedEof => SnapshotError::Truncated {
                    at: bytes.len() as u64,
                    expected: "the rest of the compressed data".into(),
                },
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
                    SnapshotError::corrupt(
                        bytes.len(),
                        format!("the compressed data cannot be read on: {error}"),
                    )
                }
                _ => fail(error),
            });
        }
        if bytes.len() as u64 >= bound {
            return Err(SnapshotError::TooLarge {
                what: format!("the compressed file expands to more than {bound} bytes"),
            });
        }
        Ok(Source::Memory(bytes))
    }

    /// Tells the system that the bytes from `from` on will be read next; returns where that ends.
    pub(crate) fn prefetch(&self, from: usize) -> usize {
        /// Bytes mapped at once: far less than the analysis needs for what they hold.
        const AHEAD: usize = 8 << 20;
        let to = from.saturating_add(AHEAD);
        if let Source::Mapped(map) = self {
            map.prefetch(from, to);
        }
        to
    }

    /// Tells the system that `from..to` will not be read again soon, to keep the resident set small.
    pub(crate) fn release(&self, from: usize, to: usize) {
        if let Source::Mapped(map) = self {
            map.release(from, to);
        }
    }
}

impl Deref for Source {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Source::Mapped(map) => map,
            Source::Memory(bytes) => bytes,
        }
    }
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
