//! A queue of fixed capacity whose oldest item gives way.

use std::collections::VecDeque;

/// Holds the latest `capacity` items; allocates once, when made.
#[derive(Debug)]
pub struct Ring<T> {
    items: VecDeque<T>,
    capacity: usize,
}

impl<T> Ring<T> {
    /// An empty ring; a capacity of 0 is taken as 1.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            items: VecDeque::with_capacity(capacity),
            capacity,
        }
    }

    /// Adds an item and returns the one it pushed out.
    pub fn push(&mut self, item: T) -> Option<T> {
        let oldest = if self.items.len() == self.capacity {
            self.items.pop_front()
        } else {
            None
        };
        self.items.push_back(item);
        oldest
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.items.iter()
    }

    /// Oldest first, to be completed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.items.iter_mut()
    }

    /// Forgets everything but the memory.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// How many items there may be.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keeps_the_latest(capacity in 0_usize..20, count in 0_usize..60) {
            let mut ring = Ring::new(capacity);
            let mut pushed_out = Vec::new();
            for n in 0..count {
                pushed_out.extend(ring.push(n));
            }
            let kept: Vec<usize> = ring.iter().copied().collect();
            let all: Vec<usize> = pushed_out.into_iter().chain(kept.iter().copied()).collect();
            prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
            prop_assert!(kept.len() <= capacity.max(1));
            prop_assert!(ring.items.capacity() >= ring.capacity());
        }
    }
}
