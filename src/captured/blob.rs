//! A capture as bytes and back: JSON and shapes, compressed.

use std::hash::Hasher;
use std::path::Path;

use rustc_hash::FxHasher;
use serde_json::Value;

use crate::snapshot::shapes::Shapes;
use crate::snapshot::{ClassRow, FileInfo, Place, SnapshotError};

/// No capture is larger.
pub const MAX_BYTES: usize = 512 << 10;
/// Nor does it hold more.
const MAX_EXPANDED: usize = 64 << 20;
/// Of zstd.
const LEVEL: i32 = 6;
/// What it begins with; the digit is the version of what follows.
const MAGIC: &[u8] = b"leakwatch capture 1\n";

/// A capture that was read back.
pub struct Captured {
    header: Value,
    pub(super) shapes: Shapes,
    digest: String,
}

pub(super) fn encode(header: &Value, shapes: &Shapes) -> Result<Vec<u8>, SnapshotError> {
    let failed = |source| SnapshotError::io(Path::new("(capture)"), source);
    let text = header.to_string();
    let mut whole = (text.len() as u32).to_le_bytes().to_vec();
    whole.extend_from_slice(text.as_bytes());
    shapes.encode(&mut whole);
    let packed = zstd::bulk::compress(&whole, LEVEL).map_err(failed)?;
    // A decoder is told how much room to make, and what it must come to.
    let length = (whole.len() as u32).to_le_bytes();
    Ok([MAGIC, &length, &hash(&whole).to_le_bytes(), &packed].concat())
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

impl Captured {
    /// Reads one; what [`super::of`] cannot have written is refused.
    pub fn decode(bytes: &[u8]) -> Result<Captured, SnapshotError> {
        let corrupt = |what: &str| SnapshotError::Corrupt {
            at: 0,
            what: format!("the capture cannot be read: {what}"),
        };
        let packed = bytes
            .strip_prefix(MAGIC)
            .filter(|_| bytes.len() <= MAX_BYTES);
        let packed = packed.ok_or_else(|| SnapshotError::Foreign {
            at: 0,
            what: "no capture, or of another version of leakwatch".into(),
        })?;
        let cut = || corrupt("it is cut");
        let (room, packed) = packed.split_first_chunk().ok_or_else(cut)?;
        let (expected, packed) = packed.split_first_chunk().ok_or_else(cut)?;
        let room = u32::from_le_bytes(*room) as usize;
        if room > MAX_EXPANDED {
            return Err(corrupt("it claims to be larger than any"));
        }
        let whole =
            zstd::bulk::decompress(packed, room).map_err(|error| corrupt(&error.to_string()))?;
        if whole.len() != room || hash(&whole) != u64::from_le_bytes(*expected) {
            return Err(corrupt("it was changed"));
        }
        let (length, rest) = whole.split_first_chunk().ok_or_else(cut)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (text, tree) = rest.split_at_checked(length).ok_or_else(cut)?;
        let text = str::from_utf8(text).map_err(|_| corrupt("it is no text"))?;
        let header: Value =
            serde_json::from_str(text).map_err(|error| corrupt(&error.to_string()))?;
        if !header["summary"]["file"]["totalBytes"].is_u64() {
            return Err(corrupt("it does not say how large the heap was"));
        }
        Ok(Captured {
            header,
            shapes: Shapes::decode(tree)?,
            digest: format!("{:016x}", hash(bytes)),
        })
    }

    /// What it says, but for the shapes: `summary`, and `diff` where it was compared when it was made.
    pub fn header(&self) -> &Value {
        &self.header
    }

    /// Tells it from others.
    pub fn digest(&self) -> Value {
        self.digest.as_str().into()
    }

    /// Whether it was compared with just these when it was made.
    pub(super) fn is_since(&self, earlier: &[Captured]) -> bool {
        let digests: Value = earlier.iter().map(Captured::digest).collect();
        self.header["since"] == digests
    }

    pub(super) fn total_bytes(&self) -> u64 {
        self.number("totalBytes")
    }

    pub(super) fn contexts(&self) -> u64 {
        self.header["contexts"].as_u64().unwrap_or(0)
    }

    pub(super) fn info(&self) -> FileInfo {
        FileInfo {
            path: "(capture)".into(),
            file_bytes: self.number("fileBytes"),
            nodes: self.number("nodes"),
            edges: self.number("edges"),
            total_bytes: self.number("totalBytes"),
        }
    }

    fn number(&self, name: &str) -> u64 {
        self.header["summary"]["file"][name].as_u64().unwrap_or(0)
    }

    /// The largest classes, and how many there were in all.
    pub(super) fn classes(&self) -> (Vec<ClassRow>, usize) {
        let summary = &self.header["summary"];
        let rows = summary["classes"].as_array().into_iter().flatten();
        let rows = rows.map(class_row).collect();
        (rows, summary["classCount"].as_u64().unwrap_or(0) as usize)
    }

    /// What shapes that may pile up were told as: the shape, and the suspect.
    pub(super) fn portraits(&self) -> impl Iterator<Item = (u32, &Value)> {
        let pairs = self.header["portraits"].as_array().into_iter().flatten();
        pairs.filter_map(|pair| Some((pair[0].as_u64()? as u32, &pair[1])))
    }
}

fn class_row(row: &Value) -> ClassRow {
    let number = |name: &str| row[name].as_u64().unwrap_or(0);
    let place = &row["location"];
    ClassRow {
        name: row["name"].as_str().unwrap_or_default().into(),
        location: place["url"].as_str().map(|url| Place {
            url: url.into(),
            line: place["line"].as_u64().unwrap_or(0) as u32,
            column: place["column"].as_u64().unwrap_or(0) as u32,
        }),
        count: number("count"),
        shallow: number("shallow"),
        retained: number("retained"),
    }
}
