//! File in, meaning out: reader ▶ parser ▶ graph ▶ dominators ▶ classes ▶ growth ▶ suspects.

pub mod classes;
pub(crate) mod detached;
pub mod dominators;
pub mod error;
pub mod graph;
pub mod heap;
pub mod kind;
pub(crate) mod layout;
pub mod order;
pub mod ownership;
pub(crate) mod parser;
pub mod progress;
pub mod reader;
pub(crate) mod scanner;
pub mod scripts;
pub mod sizes;
pub mod strings;
pub mod tree;

pub use error::SnapshotError;
pub use progress::{OnProgress, Phase, Progress};
