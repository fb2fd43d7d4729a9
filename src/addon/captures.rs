//! Captures: heaps analysed without a file, and compared later.

use super::Result;
use crate::capture::analysis::Wanted;
use crate::captured::{self, Captured};
use crate::error::Error;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

/// What is to be found out.
#[napi(object)]
pub struct JsWanted {
    /// Earlier captures, oldest first.
    pub since: Vec<Buffer>,
    pub top_suspects: Option<u32>,
    pub min_growth_bytes: Option<f64>,
    pub source_maps: Option<bool>,
}

impl From<JsWanted> for Wanted {
    fn from(wanted: JsWanted) -> Self {
        Self {
            since: wanted.since.iter().map(|bytes| bytes.to_vec()).collect(),
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
