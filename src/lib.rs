//! leakwatch: finds memory leaks in Node.js from inside the process.

pub mod trend;
pub mod verdict;
