//! Snapshot files: out of V8 into a file (`target`, `writer`), and from the file to its meaning: reader ▶ parser ▶ graph ▶
//! dominators ▶ classes ▶ growth ▶ suspects.

pub mod classes;
pub mod describe;
pub(crate) mod detached;
pub mod diff;
pub mod dominators;
pub mod error;
pub(crate) mod fingerprint;
pub mod graph;
pub(crate) mod growth;
pub mod heap;
pub mod kind;
pub mod known;
pub(crate) mod labels;
pub mod largest;
pub(crate) mod layout;
pub(crate) mod numbers;
pub mod order;
pub mod originals;
pub mod ownership;
pub(crate) mod parser;
pub(crate) mod paths;
pub(crate) mod piles;
pub mod progress;
pub mod reader;
pub mod redact;
pub(crate) mod scanner;
pub mod scripts;
pub mod sizes;
pub mod sourcemap;
pub(crate) mod spare;
pub mod strings;
pub mod summary;
pub mod suppress;
pub mod suspects;
pub mod target;
pub mod trail;
pub mod tree;
pub mod writer;

pub use diff::{ClassDelta, Diff, DiffOptions, diff};
pub use error::SnapshotError;
pub use largest::{RestGroup, TreeNode};
pub use progress::{OnProgress, Phase, Progress};
pub use summary::{ClassRow, FileInfo, Options, Summary, summarize};
pub use suspects::{PathStep, Place, Suspect};
