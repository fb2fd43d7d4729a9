//! Captures: heaps analysed without a file, and compared later.

use super::Result;
use crate::capture::analysis::Wanted;
use crate::captured::{self, Captured};
use crate::error::Error;
use napi::bindgen_prelude::{Buffer, External};
use napi_derive::napi;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// The bytes of captures that JavaScript holds, by number.
static KEPT: Mutex<Vec<(u32, Vec<u8>)>> = Mutex::new(Vec::new());
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A capture's number, for as long as JavaScript holds this.
pub struct Kept(u32);

impl Drop for Kept {
    fn drop(&mut self) {
        KEPT.lock().retain(|(number, _)| *number != self.0);
    }
}

fn bytes_of(number: u32) -> Vec<u8> {
    let kept = KEPT.lock();
    let found = kept.iter().find(|(other, _)| *other == number);
    found.map_or_else(Vec::new, |(_, bytes)| bytes.clone())
}

/// Keeps a capture's bytes where V8 does not see them: in a buffer they would be a part of what is captured next.
#[napi(catch_unwind)]
pub fn keep_capture(bytes: Buffer) -> External<Kept> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let size = bytes.len();
    KEPT.lock().push((number, bytes.to_vec()));
    External::new_with_size_hint(Kept(number), size)
}

/// What stands for them in [`JsWanted::since`].
#[napi(catch_unwind)]
pub fn kept_number(kept: &External<Kept>) -> u32 {
    kept.0
}

/// A copy of them.
#[napi(catch_unwind)]
pub fn kept_bytes(number: u32) -> Buffer {
    bytes_of(number).into()
}

/// What is to be found out.
#[napi(object)]
pub struct JsWanted {
    /// Numbers of the earlier captures, oldest first.
    pub since: Vec<u32>,
    pub top_suspects: Option<u32>,
    pub min_growth_bytes: Option<f64>,
    pub source_maps: Option<bool>,
}

impl From<JsWanted> for Wanted {
    fn from(wanted: JsWanted) -> Self {
        Self {
            since: wanted.since.into_iter().map(bytes_of).collect(),
            top_suspects: wanted.top_suspects.map(|n| n as usize),
            min_growth_bytes: wanted.min_growth_bytes.map(|n| n as u64),
            source_maps: wanted.source_maps,
        }
    }
}

/// What one capture says, as JSON (`summary`, and `diff` where it was compared when it was made), or what grew between more
/// of them, oldest first.
#[napi(catch_unwind)]
pub fn read_captures(wanted: JsWanted) -> Result<String> {
    let wanted = Wanted::from(wanted);
    let captures = wanted.since.iter().map(|bytes| Captured::decode(bytes));
    let captures: Vec<Captured> = captures
        .collect::<std::result::Result<_, _>>()
        .map_err(Error::Analysis)?;
    if let [captured] = captures.as_slice() {
        return Ok(captured.header().to_string());
    }
    let defaults = captured::Options::default();
    let options = captured::Options {
        top_suspects: wanted.top_suspects.unwrap_or(defaults.top_suspects),
        min_growth_bytes: wanted.min_growth_bytes.unwrap_or(defaults.min_growth_bytes),
        ..defaults
    };
    let diff = captured::compare(&captures, &options).map_err(Error::Analysis)?;
    Ok(diff.to_string())
}
