//! The only module with unsafe code: symbols, layouts, streams, interrupts, fork, file mappings.

pub mod mmap;
