//! Where no copy of the process can be made that takes a snapshot.

use std::convert::Infallible;

/// Why not.
pub fn supported() -> Result<(), &'static str> {
    Err("only on Linux, x64 and arm64")
}

/// Nothing ever is one.
pub fn is_copy() -> bool {
    false
}

/// A copy, of which there is none.
pub type Progress = Infallible;
