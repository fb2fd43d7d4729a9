//! One capture at a time, and what it leaves for the next.

use super::Session;
use crate::error::Error;
use crate::v8::isolate::CurrentIsolate;

/// Ends a capture when dropped.
pub struct Capturing<'a>(&'a Session);

impl Drop for Capturing<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.capturing = false;
        let waiting = !state.requests.is_empty() || !state.errands.is_empty();
        drop(state);
        if waiting {
            self.0.knock();
        }
    }
}

impl Session {
    /// Claims the isolate for one capture.
    pub fn begin_capture(&self) -> Result<Capturing<'_>, Error> {
        let mut state = self.state.lock();
        if state.capturing {
            return Err(Error::Busy);
        }
        state.capturing = true;
        Ok(Capturing(self))
    }

    /// Ends V8's object ids after a snapshot, unless they are to be kept for a
    /// diff by id.
    pub fn end_ids(&self, isolate: CurrentIsolate, keep: bool) {
        self.state.lock().ids_kept = keep;
        if !keep {
            isolate.clear_object_ids();
        }
    }

    /// Ends ids that an earlier snapshot kept. One that is being taken sees to
    /// that itself: its nodes have ids still.
    pub(super) fn end_kept_ids(&self) {
        let mut state = self.state.lock();
        let had = std::mem::take(&mut state.ids_kept);
        let capturing = state.capturing;
        drop(state);
        if had
            && !capturing
            && let Some(isolate) = self.current()
        {
            isolate.clear_object_ids();
        }
    }

    /// Nodes per byte of heap in the last snapshot.
    pub fn nodes_per_byte(&self) -> Option<f64> {
        self.state.lock().nodes_per_byte
    }

    /// Remembers how large a snapshot was, for the next headroom check.
    pub fn learn(&self, nodes: u64, heap_used: u64) {
        if heap_used > 0 {
            self.state.lock().nodes_per_byte = Some(nodes as f64 / heap_used as f64);
        }
    }
}
