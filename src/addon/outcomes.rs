//! What a capture is asked for with, and what becomes of it.

use crate::capture::{CaptureOptions, Mode, Product};
use crate::error::Error;
use crate::session::Outcome;
use crate::snapshot::target::Compression;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use std::time::Duration;

#[napi(object)]
pub struct JsCaptureOptions {
    pub path: Option<String>,
    pub compress: Option<String>,
    pub force: Option<bool>,
    pub keep_ids: Option<bool>,
    pub numeric_values: Option<bool>,
    pub mode: Option<String>,
    pub niceness: Option<i32>,
    pub timeout: Option<f64>,
    pub memory_limit: Option<f64>,
    pub redact: Option<bool>,
}

/// A copy gives way to everything else unless told otherwise.
const NICENESS: i32 = 19;
/// How long a copy may take unless told otherwise: 2.5 µs per node on a
/// processor of its own, and many times that on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(15 * 60);

impl TryFrom<JsCaptureOptions> for CaptureOptions {
    type Error = Error;

    fn try_from(o: JsCaptureOptions) -> Result<Self, Error> {
        Ok(Self {
            path: o.path,
            compression: compression(o.compress.as_deref())?,
            force: o.force.unwrap_or(false),
            keep_ids: o.keep_ids.unwrap_or(false),
            numeric_values: o.numeric_values.unwrap_or(false),
            mode: match o.mode.as_deref() {
                Some("fork") => Mode::Fork,
                Some("inline") => Mode::Inline,
                _ => Mode::Auto,
            },
            niceness: o.niceness.unwrap_or(NICENESS).clamp(0, NICENESS),
            timeout: o
                .timeout
                .map_or(TIMEOUT, |ms| Duration::from_millis(ms as u64)),
            memory_limit: o.memory_limit.map(|bytes| bytes as u64),
            redact: o.redact.unwrap_or(false),
        })
    }
}

fn compression(name: Option<&str>) -> Result<Compression, Error> {
    match name {
        None => Ok(Compression::None),
        Some("gzip") => Ok(Compression::Gzip),
        Some("zstd") => Ok(Compression::Zstd),
        Some(other) => Err(Error::InvalidArgument {
            option: "compress",
            why: format!("must be 'gzip' or 'zstd', not '{other}'"),
        }),
    }
}

#[napi(object)]
pub struct JsError {
    pub code: String,
    pub message: String,
    /// JSON.
    pub details: String,
}

impl From<&Error> for JsError {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            details: error.details().to_string(),
        }
    }
}

#[napi(object)]
#[derive(Default)]
pub struct JsOutcome {
    pub cause: Option<String>,
    pub path: Option<String>,
    pub bytes: Option<f64>,
    pub pause_ms: f64,
    pub waited_ms: f64,
    pub nodes: f64,
    pub mode: String,
    pub attempts: Option<u32>,
    /// What an analysis left, instead of a file.
    pub capture: Option<Buffer>,
    pub error: Option<JsError>,
}

impl JsOutcome {
    /// Says what it came to.
    pub fn set(&mut self, product: Product) {
        match product {
            Product::Capture(bytes) => self.capture = Some(bytes.into()),
            Product::File(path, bytes) => {
                self.path = Some(path.to_string_lossy().into_owned());
                self.bytes = Some(bytes as f64);
            }
        }
    }
}

impl From<Outcome> for JsOutcome {
    fn from(o: Outcome) -> Self {
        let error = o.result.as_ref().err().map(JsError::from);
        let (path, bytes) = o.result.ok().unzip();
        Self {
            cause: Some(o.cause.name().to_owned()),
            path: path.map(|p| p.to_string_lossy().into_owned()),
            bytes: bytes.map(|n| n as f64),
            pause_ms: o.pause_ms,
            waited_ms: o.waited_ms,
            nodes: o.nodes as f64,
            mode: o.mode.name().to_owned(),
            attempts: None,
            capture: None,
            error,
        }
    }
}
