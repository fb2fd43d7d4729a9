//! One model, versioned schema: JSON and text. The HTML page is made of the JSON by `lib/report`.

mod json;
mod path_lines;
mod text;

pub use json::{
    diff_value, json, retainers_value, summary_value, suppressions_value, suspect_value, value,
};
pub use text::{TextStyle, text};

use crate::snapshot::suppress::Suppression;
use crate::snapshot::{Diff, Summary, Suspect};

/// The version of the JSON's shape. It grows when a field changes its meaning or goes; new fields do not change it.
pub const SCHEMA_VERSION: u32 = 1;

/// All that a report can tell. Whatever is absent is left out.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// What the report is about, for people.
    pub title: String,
    /// What one snapshot holds.
    pub summary: Option<Summary>,
    /// What grew between snapshots.
    pub diff: Option<Diff>,
    /// Suspects that the suppress file took out, with the entry.
    pub suppressed: Vec<(Suspect, Suppression)>,
    /// Entries of the suppress file whose day has passed.
    pub expired: Vec<Suppression>,
}
