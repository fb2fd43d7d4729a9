//! Progress of an analysis, and the way to stop it.

use crate::snapshot::SnapshotError;

/// What the analysis is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading and decoding the file; counted in bytes.
    Parse,
    /// Numbering the graph and finding dominators; counted in nodes.
    Dominators,
    /// Summing up classes; counted in nodes.
    Classes,
    /// Comparing snapshots and naming suspects; counted in snapshots.
    Compare,
}

/// One step of the analysis: `done` of `total` units of `phase`.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The running phase.
    pub phase: Phase,
    /// Which of the files is being read, from 0.
    pub file: usize,
    /// Units finished.
    pub done: u64,
    /// Units in all.
    pub total: u64,
}

/// Told of progress about once in a million steps; answers `false` to stop the analysis.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) -> bool + Sync);

/// The callback together with the file it is about; an absent callback never stops anything.
#[derive(Clone, Copy, Default)]
pub(crate) struct Reporter<'a> {
    pub(crate) callback: Option<OnProgress<'a>>,
    pub(crate) file: usize,
}

impl Reporter<'_> {
    pub(crate) fn report(
        &self,
        phase: Phase,
        done: usize,
        total: usize,
    ) -> Result<(), SnapshotError> {
        match self.callback {
            Some(callback)
                if !callback(Progress {
                    phase,
                    file: self.file,
                    done: done as u64,
                    total: total as u64,
                }) =>
            {
                Err(SnapshotError::Aborted)
            }
            _ => Ok(()),
        }
    }
}
