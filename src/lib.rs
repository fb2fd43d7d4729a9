//! leakwatch: finds memory leaks in Node.js from inside the process.
//!
//! ```text
//! V8 ──GcEvent──▶ recorder ──&[Baseline]──▶ trend ──▶ verdict ──┐
//! V8 ──chunks───▶ snapshot writer (compress ▶ temp file ▶ rename) ──▶ file
//!                                                               ▼
//!                              session (one per isolate) ──▶ addon ──▶ index.js, lib/
//!                                                               ▲
//! file ──▶ parser ──▶ graph ──▶ dominators ──▶ classes / growth ──▶ suspects ──▶ report
//! ```
//!
//! Each stage is a value computed once. [`v8`] is the only module with unsafe
//! code; everything right of it is plain Rust and is tested without Node.

// Node-API is not there when tests run without Node.
#[cfg(not(test))]
mod addon;
pub mod capture;
pub mod captured;
pub mod error;
pub mod format;
pub mod headroom;
pub mod recorder;
pub mod report;
pub mod session;
pub mod signals;
pub mod snapshot;
pub mod system;
pub mod trend;
pub mod v8;
pub mod verdict;
