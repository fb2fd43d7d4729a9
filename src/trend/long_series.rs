//! The whole run in a fixed number of baselines.

use super::Baseline;

/// A run of any length in at most `capacity` slots, so that a leak of days is seen although the recent baselines cover
/// minutes only.
///
/// Each slot is the floor of `stride` baselines in a row. When all slots are full, neighbours are merged by
/// [`Baseline::floor_with`] and the stride doubles: resolution is lost evenly over the run, and nothing is ever recomputed.
/// Memory is fixed at construction (some 150 bytes a slot); a push costs O(1) amortised.
#[derive(Debug, Clone)]
pub struct LongSeries {
    slots: Vec<Baseline>,
    capacity: usize,
    stride: u64,
    open: Option<Baseline>,
    in_open: u64,
}

impl LongSeries {
    /// Slots kept when nothing else is asked for: 64 to 128 points at all times, all that a verdict uses.
    pub const DEFAULT_CAPACITY: usize = 128;

    /// An empty series of at most `capacity` slots (rounded up to an even number of at least 2).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(2, 1 << 16).next_multiple_of(2);
        Self {
            slots: Vec::with_capacity(capacity),
            capacity,
            stride: 1,
            open: None,
            in_open: 0,
        }
    }

    /// Takes in the next baseline.
    pub fn push(&mut self, baseline: &Baseline) {
        let merged = match self.open.take() {
            Some(open) => open.floor_with(baseline),
            None => baseline.clone(),
        };
        self.in_open += 1;
        if self.in_open < self.stride {
            self.open = Some(merged);
            return;
        }
        self.in_open = 0;
        self.slots.push(merged);
        if self.slots.len() == self.capacity {
            self.halve();
        }
    }

    /// The slots, oldest first. Baselines of an unfinished slot are not in it yet.
    #[must_use]
    pub fn as_slice(&self) -> &[Baseline] {
        &self.slots
    }

    /// How many baselines each slot stands for.
    #[must_use]
    pub fn stride(&self) -> u64 {
        self.stride
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.stride = 1;
        self.open = None;
        self.in_open = 0;
    }

    fn halve(&mut self) {
        for i in 0..self.slots.len() / 2 {
            self.slots[i] = self.slots[2 * i].floor_with(&self.slots[2 * i + 1]);
        }
        self.slots.truncate(self.capacity / 2);
        self.stride = self.stride.saturating_mul(2);
    }
}

impl Default for LongSeries {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}
