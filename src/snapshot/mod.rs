//! Snapshot files.
pub mod target;
pub mod writer;
