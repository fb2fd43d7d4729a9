//! V8 and the operating system, from below: the only module with unsafe code.
//!
//! Everything V8 is asked goes through [`isolate::CurrentIsolate`], a token
//! that can only be had on the thread that runs the isolate, while it does.

pub mod collect;
pub mod cpu;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub mod fork;
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
#[path = "no_fork.rs"]
pub mod fork;
pub mod gc;
pub mod heap_profiler;
pub mod histogram;
pub mod interrupt;
pub mod isolate;
mod line_ends;
pub mod near_heap_limit;
pub mod os;
pub mod signal;
pub mod statistics;
mod symbols;
mod virtual_table;
