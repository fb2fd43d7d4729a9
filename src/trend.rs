//! Slices in, numbers out; no clock, no I/O.
