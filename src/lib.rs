//! leakwatch: finds memory leaks in Node.js from inside the process.

pub mod report;
pub mod snapshot;
pub mod trend;
pub mod v8;
pub mod verdict;
