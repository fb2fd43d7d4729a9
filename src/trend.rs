//! Slices in, numbers out; no clock, no I/O.
//!
//! A [`Baseline`] is what was in use after one full garbage collection. This module measures how a run of them moves and
//! says nothing about what that means; `verdict` does. The measures, each in a file of its own:
//!
//! | file | question |
//! | --- | --- |
//! | [`rank`] | does it rise at all? Mann–Kendall, its variance corrected for autocorrelation (Hamed & Rao 1998) |
//! | [`slope`] | by how much per tick? Theil–Sen with Sen's interval |
//! | [`shape`] | how? its falls, its largest steps, whether it slows down, whether it is only a random walk |
//! | [`stairs`] | is it a staircase, as a growing backing store makes it? |
//! | [`series`] | the same values seen more coarsely: minima over blocks |
//! | [`long_series`] | the whole run in a fixed number of baselines |
//!
//! A tick is one baseline. All slopes are per tick, all values bytes or counts as `f64`; whatever comes in, finite numbers
//! come out.

pub mod baseline;
pub mod long_series;
pub mod rank;
pub mod series;
pub mod shape;
pub mod slope;
pub mod stairs;

pub use baseline::Baseline;
pub use long_series::LongSeries;
pub use series::Series;
